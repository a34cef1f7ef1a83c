// Prints the build of every contract of some Solidity sources, as solc gives it: layout, ABI, code.
//
//   node layouts.mjs SOLC_PACKAGE SOURCE_FOLDER LIBRARY=PACKAGE FILE...

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import process from "node:process";

const [solcPackage, sourceFolder, library, ...files] = process.argv.slice(2);
const [name, folder] = library.split("=");
const compiler = createRequire(import.meta.url)(path.resolve(solcPackage, "soljson.js"));
const run = compiler.cwrap("solidity_compile", "string", ["string", "number", "number"]);

const sources = {};
const waiting = [...files];
while (waiting.length > 0) {
  const file = waiting.pop();
  if (file in sources) continue;
  const at = file.startsWith(`${name}/`) ? path.join(folder, file.slice(name.length)) : path.join(sourceFolder, file);
  const content = readFileSync(at, "utf8");
  sources[file] = { content };
  for (const [, target] of content.matchAll(/^import\s[^;]*?"([^"]+)"\s*;/gm)) {
    waiting.push(target.startsWith(".") ? path.posix.join(path.posix.dirname(file), target) : target);
  }
}
// The rest as contracts/compile.mjs has it, so that the code is the same.
const settings = {
  evmVersion: "cancun",
  optimizer: { enabled: true, runs: 200 },
  metadata: { appendCBOR: false, bytecodeHash: "none" },
  outputSelection: { "*": { "*": ["storageLayout", "abi", "evm.deployedBytecode.object"] } },
};
const output = JSON.parse(run(JSON.stringify({ language: "Solidity", sources, settings }), 0, 0));
const errors = (output.errors ?? []).filter(({ severity }) => severity === "error");
if (errors.length > 0) {
  process.stderr.write(errors.map(({ formattedMessage }) => formattedMessage).join("\n"));
  process.exit(1);
}
const found = files.flatMap((file) => Object.entries(output.contracts[file]));
const builds = found.map(([contract, { storageLayout, abi, evm }]) => [
  contract,
  { storageLayout, abi, deployedBytecode: evm.deployedBytecode },
]);
process.stdout.write(JSON.stringify(Object.fromEntries(builds)));

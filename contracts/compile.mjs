// Compiles every contract below a folder with the compiler and the libraries of unpacked npm
// packages, and prints the artefacts as JSON. Nothing is installed and nothing is fetched.
//
//   node compile.mjs WHAT SOLC_PACKAGE SOURCE_FOLDER LIBRARY=PACKAGE...
//
// WHAT is `artefacts`, or `build-info`: what the compiler was given and all that it said, as Hardhat
// writes it, for tools that read syntax trees. LIBRARY is what the paths in imports begin with,
// PACKAGE the folder that has it.
//
// Fails, with the compiler's words on standard error, on any error, and on any warning about our own
// sources. What the compiler thinks of a pinned library's style is not ours to change.

import { createHash } from "node:crypto";
import { readFileSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import process from "node:process";

const [what, solcPackage, sourceFolder, ...libraries] = process.argv.slice(2);
const packages = libraries.map((given) => given.split("="));

const settings = {
  evmVersion: "cancun",
  optimizer: { enabled: true, runs: 200 },
  metadata: { appendCBOR: false, bytecodeHash: "none" },
};

const wanted =
  what === "build-info"
    ? { "*": { "": ["ast"], "*": ["abi", "evm.bytecode", "evm.deployedBytecode", "storageLayout"] } }
    : { "*": { "*": ["abi", "evm.bytecode.object", "metadata"] } };

function libraryOf(name) {
  return packages.find(([library]) => name.startsWith(`${library}/`));
}

function read(name) {
  const [library, folder] = libraryOf(name) ?? ["", sourceFolder];
  return readFileSync(path.join(folder, name.slice(library.length)), "utf8");
}

function importsOf(name, content) {
  const found = content.matchAll(/^import\s[^;]*?"([^"]+)"\s*;/gm);
  return [...found].map(([, target]) =>
    target.startsWith(".") ? path.posix.join(path.posix.dirname(name), target) : target,
  );
}

function collect(names) {
  const sources = {};
  const waiting = [...names];
  while (waiting.length > 0) {
    const name = waiting.pop();
    if (name in sources) continue;
    sources[name] = { content: read(name) };
    waiting.push(...importsOf(name, sources[name].content));
  }
  return sources;
}

function compile(sources) {
  const compiler = createRequire(import.meta.url)(path.resolve(solcPackage, "soljson.js"));
  const run = compiler.cwrap("solidity_compile", "string", ["string", "number", "number"]);
  const input = {
    language: "Solidity",
    sources,
    settings: { ...settings, outputSelection: wanted },
  };
  const output = JSON.parse(run(JSON.stringify(input), 0, 0));
  const complaints = (output.errors ?? []).filter(
    ({ severity, sourceLocation }) =>
      severity === "error" || !libraryOf(sourceLocation?.file ?? ""),
  );
  for (const complaint of complaints) process.stderr.write(complaint.formattedMessage + "\n");
  if (complaints.length > 0) process.exit(1);
  return { version: compiler.cwrap("solidity_version", "string", [])(), input, output };
}

function artefact(name, contract, version, sources) {
  const names = Object.keys(JSON.parse(contract.metadata).sources).sort();
  const hash = (source) => createHash("sha256").update(sources[source].content).digest("hex");
  return {
    name,
    abi: contract.abi,
    bytecode: "0x" + contract.evm.bytecode.object,
    compiler: version,
    settings,
    sources: Object.fromEntries(names.map((source) => [source, hash(source)])),
  };
}

const own = readdirSync(sourceFolder, { recursive: true })
  .map((name) => name.split(path.sep).join("/"))
  .filter((name) => name.endsWith(".sol"))
  .sort();
const sources = collect(own);
const { version, input, output } = compile(sources);

function artefacts() {
  return own.flatMap((file) =>
    Object.entries(output.contracts[file] ?? {})
      .filter(([, contract]) => contract.evm.bytecode.object !== "")
      .map(([name, contract]) => artefact(name, contract, version, sources)),
  );
}

process.stdout.write(
  JSON.stringify(
    what === "build-info"
      ? { solcVersion: version.split("+")[0], input, output }
      : artefacts(),
  ),
);

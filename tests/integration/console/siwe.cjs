// EIP-4361 by its authors: reads from its input where it is installed, an account's key and messages
// with what each is asked about; says what each message means, how siwe itself writes that, how
// ethers signs it, and what siwe finds wrong with each asked signature.
const { createRequire } = require("node:module");
const { readFileSync } = require("node:fs");

async function main() {
  const { home, key, text, asked } = JSON.parse(readFileSync(0, "utf8"));
  const packages = createRequire(`${home}/`);
  const { SiweMessage } = packages("siwe");
  const message = new SiweMessage(text);
  const wrong = [];
  for (const one of asked) {
    const found = await message.verify(one, { suppressExceptions: true });
    wrong.push(found.success ? "" : found.error.type);
  }
  const signature = await new (packages("ethers").Wallet)(key).signMessage(text);
  console.log(JSON.stringify({ fields: message, written: message.prepareMessage(), signature, wrong }));
}

main();

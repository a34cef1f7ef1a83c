// Lets the wallet of this browser sign what the page shows. Without one, the fields do it.
const wallet = globalThis.ethereum;
const form = document.querySelector("form[data-sign]");
const button = form?.querySelector("[data-wallet]");
const trouble = document.getElementById("wallet-trouble");

async function connected() {
  const [address] = await wallet.request({ method: "eth_requestAccounts" });
  return address;
}

async function connect() {
  form.elements.address.value = await connected();
  const chain = `eip155:${Number(await wallet.request({ method: "eth_chainId" }))}`;
  const known = [...form.elements.chain.options].some((one) => one.value === chain);
  if (known) form.elements.chain.value = chain;
  form.requestSubmit();
}

async function sign(method, order) {
  const wanted = form.dataset.address.toLowerCase();
  const address = await connected();
  if (address.toLowerCase() !== wanted) throw new Error(`choose the account ${wanted} in the wallet`);
  const text = document.getElementById("to-sign").textContent;
  form.elements.signature.value = await wallet.request({ method, params: order(text, address) });
  form.requestSubmit();
}

const WAYS = {
  connect,
  message: () => sign("personal_sign", (text, address) => {
    const bytes = new TextEncoder().encode(text);
    return ["0x" + [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join(""), address];
  }),
  typed: async () => {
    const { domain } = JSON.parse(document.getElementById("to-sign").textContent);
    const chainId = "0x" + Number(domain.chainId).toString(16);
    // A wallet that does not know the chain may still sign; one that will not, says why itself.
    await wallet.request({ method: "wallet_switchEthereumChain", params: [{ chainId }] }).catch(() => {});
    await sign("eth_signTypedData_v4", (text, address) => [address, text]);
  },
};

if (wallet && button) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    trouble.textContent = "";
    button.disabled = true;
    try {
      await WAYS[form.dataset.sign]();
    } catch (error) {
      trouble.textContent = `✕ ${error.message || error}`;
    } finally {
      button.disabled = false;
    }
  });
}

// node-oidc-provider with the settings that its first argument names: a JSON file with port, module
// (where it is installed), keys, clients and people's groups. Its own development pages ask who
// somebody is.
import { readFileSync } from "node:fs";

const { module, port, keys, clients, groups } = JSON.parse(readFileSync(process.argv[2], "utf8"));
const { default: Provider } = await import(module);

const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients,
  jwks: { keys },
  scopes: ["openid", "groups"],
  claims: { openid: ["sub"], groups: ["groups"] },
  conformIdTokenClaims: false, // groups are in the token itself
  pkce: { required: () => true },
  cookies: { keys: ["a secret of this test"] },
  findAccount: (_, sub) => ({ accountId: sub, claims: () => ({ sub, groups: groups[sub] ?? [] }) }),
});
provider.listen(port, "127.0.0.1", () => console.log("listening"));

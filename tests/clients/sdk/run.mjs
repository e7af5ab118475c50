// Calls what the official SDK offers of a server: `node run.mjs <url> <admin's API key> <node_modules> <film>`.
//
// Prints {name of the function: "ok" or what went wrong}. A flow stops at the first call that goes wrong; what it did
// not come to is then missing. The flows are in the other files here.

import { join } from "node:path";
import { pathToFileURL } from "node:url";

import absent from "./absent.mjs";
import accounts from "./accounts.mjs";
import library from "./library.mjs";
import people from "./people.mjs";

const [url, apiKey, modules] = process.argv.slice(2);
const sdk = await import(pathToFileURL(join(modules, "@immich/sdk/build/index.js")));
sdk.setBaseUrl(url);

const results = {};

/** What went wrong, as the server told it. */
const told = (error) => (sdk.isHttpError(error) ? `${error.status} ${JSON.stringify(error.data)}` : error.stack);

/** The SDK for one who sends `headers`: `caller.createTag({ tagCreateDto })`. Every call is written down. */
function caller(headers) {
  const call = (name) => async (parameters = {}) => {
    const operation = sdk[name];
    try {
      const answer = await (operation.length === 1 ? operation({ headers }) : operation(parameters, { headers }));
      results[name] ??= "ok";
      return answer;
    } catch (error) {
      results[name] = told(error);
      throw error;
    }
  };
  return new Proxy({ headers }, { get: (self, name) => (name in sdk ? call(name) : self[name]) });
}

/** The call is answered with an error of this status and message; of any message, if none is given. */
async function refused(who, name, parameters, status, message) {
  try {
    await who[name](parameters);
    results[name] = `wanted ${status}, but it was done`;
  } catch (error) {
    if (error.status !== status) return;
    // Functions that return text or files give those of errors as well.
    const body = error.data instanceof Blob ? await error.data.text() : error.data;
    const said = (typeof body === "string" ? JSON.parse(body) : body).message;
    results[name] = said === (message ?? said) ? "ok" : `wanted "${message}": "${said}"`;
  }
}

const admin = caller({ "x-api-key": apiKey });

/** A new user, signed in: `id`, `email`, `password` and the calls. */
async function user(name) {
  const userAdminCreateDto = { email: `${crypto.randomUUID()}@test.example`, name, password: "Sesame-Open-1" };
  const { id } = await admin.createUserAdmin({ userAdminCreateDto });
  const { email, password } = userAdminCreateDto;
  const { accessToken } = await caller({}).login({ loginCredentialDto: { email, password } });
  return Object.assign(Object.create(caller({ Authorization: `Bearer ${accessToken}` })), { id, email, password });
}

for (const [name, flow] of Object.entries({ ...accounts, ...library, ...people, ...absent })) {
  try {
    await flow({ admin, caller, user, refused });
  } catch (error) {
    results[`flow ${name}`] = told(error);
  }
}
console.log(JSON.stringify(results));

// Signing up, in and out; then the library.

import { call } from "./api.js";
import { showLibrary } from "./library.js";
import { acceptUploads } from "./upload.js";

const element = (id) => document.getElementById(id);

function onSubmit(form, action) {
  form?.addEventListener("submit", async (event) => {
    event.preventDefault();
    const [outcome, button] = [form.querySelector(".outcome"), form.querySelector("button")];
    button.disabled = true;
    outcome.textContent = "";
    try {
      await action(Object.fromEntries(new FormData(form)));
    } catch (error) {
      outcome.textContent = error.message;
    }
    button.disabled = false;
  });
}

async function logIn(values) {
  await call("POST", "/auth/login", { email: values.email, password: values.password });
  await enter();
}

async function enter() {
  const me = await call("GET", "/users/me");
  element("who").textContent = me.name;
  element("welcome").hidden = true;
  element("account").hidden = element("library").hidden = false;
  const refresh = showLibrary();
  await acceptUploads(refresh);
}

onSubmit(element("login-form"), logIn);
onSubmit(element("admin-form"), async (values) => {
  await call("POST", "/auth/admin-sign-up", values);
  await logIn(values);
});

element("log-out").addEventListener("click", async () => {
  await call("POST", "/auth/logout").catch(() => {});
  location.reload();
});

// The server sets this cookie beside the ones that scripts cannot read, so that nobody needs to ask in vain.
if (document.cookie.includes("immich_is_authenticated=true")) {
  await enter().catch(() => {
    const form = element("login-form");
    if (form) form.hidden = false;
  });
} else if (element("login-form")) {
  element("login-form").hidden = false;
}

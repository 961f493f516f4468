// Redeems the one-time token of this page's address. The token is sent in a body and taken out of the address bar.
"use strict";

const token = new URLSearchParams(location.search).get("token") ?? "";
history.replaceState(null, "", location.pathname);

const pages = {
  "/set-up": {
    title: "Make the first account",
    fields: ["email", "name", "password"],
    path: "/api/v2/auth/sign-up",
    body: (form) => ({ ...form, set_up_token: token }),
    done: "The account is there. Make an API key with `portway keys create`, or sign in through the API.",
  },
  "/invitation": {
    title: "You are invited",
    text: "Make an account with the address that was invited.",
    fields: ["email", "name", "password"],
    path: "/api/v2/auth/sign-up",
    body: (form) => ({ ...form, invitation_token: token }),
    done: "Welcome. Your account is there.",
  },
  "/reset-password": {
    title: "Choose a new password",
    fields: ["password"],
    path: "/api/v2/auth/password-reset/confirm",
    body: (form) => ({ password: form.password, token }),
    done: "Your password is changed, and you are signed out everywhere.",
  },
  "/verify-email": {
    title: "Confirm your address",
    fields: [],
    path: "/api/v2/auth/verify-email/confirm",
    body: () => ({ token }),
    done: "Your address is confirmed.",
  },
};

const page = pages[location.pathname];
const form = document.getElementById("form");
const status = document.getElementById("status");

document.title = `${page.title} · Portway`;
document.getElementById("title").textContent = page.title;
document.getElementById("text").textContent = page.text ?? "";
for (const name of ["email", "name", "password"]) {
  const used = page.fields.includes(name);
  document.getElementById(name).hidden = !used;
  document.getElementById(name).disabled = !used;
  document.querySelector(`[data-for=${name}]`).hidden = !used;
}
form.hidden = false;

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const button = document.getElementById("submit");
  const filled = [...new FormData(form)].filter(([, value]) => value !== "");
  button.disabled = true;
  status.className = "";
  status.textContent = "One moment …";
  try {
    const response = await fetch(page.path, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(page.body(Object.fromEntries(filled))),
    });
    if (!response.ok) throw new Error(await explanation(response));
    form.hidden = true;
    document.getElementById("text").textContent = page.done;
    status.textContent = "";
  } catch (error) {
    status.className = "failed";
    status.textContent = error.message;
    button.disabled = false;
  }
});

async function explanation(response) {
  try {
    const problem = await response.json();
    const faults = (problem.errors ?? []).map((fault) => `${fault.pointer.slice(1)}: ${fault.message}`);
    return faults.length > 0 ? faults.join(" ") : problem.detail;
  } catch {
    return `The server answered ${response.status}.`;
  }
}

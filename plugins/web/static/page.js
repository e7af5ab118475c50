const form = document.getElementById("admin-form");

form?.addEventListener("submit", async (event) => {
  event.preventDefault();
  const outcome = document.getElementById("outcome");
  const button = form.querySelector("button");
  button.disabled = true;
  outcome.textContent = "…";
  try {
    const response = await fetch(form.action, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(Object.fromEntries(new FormData(form))),
    });
    const answer = await response.json();
    if (response.ok) {
      form.replaceChildren(outcome);
      outcome.textContent = `${answer.name} is the administrator now. Log in with the app.`;
      return;
    }
    const details = (answer.errors ?? []).map((issue) => `${issue.path.join(".")}: ${issue.message}`);
    outcome.textContent = [answer.message, ...details].join(" ");
  } catch {
    outcome.textContent = "The server did not answer. Try again.";
  }
  button.disabled = false;
});

import { follow } from "./background.js";
import { forgetSignIn, originPattern, readSignIn, writeSignIn } from "./settings.js";
import { find } from "./shared/dom.js";
import { clearProblem, clearProblems, showProblems } from "./shared/field-problems.js";
import { describeStatus, showState } from "./status-pill.js";

const form = find("#sign-in", HTMLFormElement);
const reason = find("#reason", HTMLElement);
const { baseUrl, user, password } = form.elements;

form.addEventListener("submit", (event) => {
  event.preventDefault();
  signIn().catch((error) => tell(error.message));
});
form.addEventListener("input", ({ target }) => clearProblem(target));
find("#sign-out", HTMLButtonElement).addEventListener("click", () => {
  signOut().catch((error) => tell(error.message));
});

// Storage may be slow: what the agent has typed meanwhile stays.
readSignIn().then((known) => {
  baseUrl.value ||= known?.baseUrl ?? "";
  user.value ||= known?.user ?? "";
});
follow(({ status }) => {
  showState(status);
  tell(
    ["connected", "connecting"].includes(status.state) || status.code === "SIGNED_OUT"
      ? ""
      : describeStatus(status),
  );
});

async function signIn() {
  clearProblems(form);
  const problems = findProblems();
  if (problems.length > 0) return showProblems(form, problems);
  // Before anything else is waited for: it must be asked for within the click.
  const granted = await chrome.permissions.request({ origins: [originPattern(baseUrl.value)] });
  if (!granted)
    return tell("Without this permission Chromium keeps the answers of GWS from the extension.");
  const before = await readSignIn();
  await writeSignIn({
    baseUrl: baseUrl.value.trim(),
    user: user.value.trim(),
    password: password.value,
  });
  password.value = "";
  if (before && originPattern(before.baseUrl) !== originPattern(baseUrl.value))
    await giveBack(before.baseUrl);
}

async function signOut() {
  const before = await readSignIn();
  baseUrl.value = "";
  user.value = "";
  password.value = "";
  await forgetSignIn();
  if (before) await giveBack(before.baseUrl);
}

/** @param {string} words */
function tell(words) {
  if (reason.textContent !== words) reason.textContent = words;
  reason.hidden = words === "";
}

/** @returns {{ field: string, message: string }[]} */
function findProblems() {
  const problems = [];
  const url = URL.parse(baseUrl.value.trim());
  if (!url || !["https:", "http:"].includes(url.protocol) || url.username || url.password)
    problems.push({
      field: "baseUrl",
      message: "must be a URL such as https://gws.example.com, with no user in it",
    });
  else if (url.protocol === "http:" && !["127.0.0.1", "localhost"].includes(url.hostname))
    problems.push({
      field: "baseUrl",
      message: "must be https: a password in plain http can be read on its way",
    });
  if (user.value.trim() === "" && password.value !== "")
    problems.push({ field: "user", message: "is missing" });
  else if (user.value.includes(":"))
    // RFC 7617: what follows would be taken for the password
    problems.push({ field: "user", message: "must have no colon" });
  if (user.value.trim() !== "" && password.value === "")
    problems.push({ field: "password", message: "is missing" });
  return problems;
}

/** A permission that is not needed any more; one that the manifest demands stays. */
function giveBack(url) {
  return chrome.permissions.remove({ origins: [originPattern(url)] }).catch(() => {});
}

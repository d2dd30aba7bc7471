// The page's side of page.mjs: calls functions, keeps what handles stand for,
// and hears what the page complains of, of which WebKitWebDriver tells nothing.
// What the engine itself prints, about a failed request for instance, no
// script can hear.

(() => {
  if ("testDriver" in globalThis) {
    return;
  }
  const kept = [];
  let heard = [];

  for (const type of ["debug", "log", "info", "warn", "error"]) {
    const print = console[type];
    console[type] = (...words) => {
      heard.push({ type, text: words.map(String).join(" ") });
      print.apply(console, words);
    };
  }
  addEventListener("error", ({ error, message }) => {
    heard.push({ type: "pageerror", text: String(error ?? message) });
  });
  addEventListener("unhandledrejection", ({ reason }) => {
    heard.push({ type: "pageerror", text: String(reason) });
  });
  addEventListener("securitypolicyviolation", ({ effectiveDirective, blockedURI }) => {
    heard.push({ type: "error", text: `${effectiveDirective} forbids ${blockedURI}` });
  });

  const calls = new Map();
  let last = 0;

  /** Calls a function, and returns the number of the call. */
  function begin(run, args, wanted) {
    calls.set(++last, settle(run, args, wanted));
    return last;
  }

  async function settle(run, args, wanted) {
    try {
      const value = await run(
        ...args.map((arg) => ("handle" in arg ? kept[arg.handle] : arg.value)),
      );
      return wanted === "handle" ? { handle: kept.push(value) - 1 } : { value };
    } catch (error) {
      return { error: `${error}\n${error?.stack ?? ""}` };
    }
  }

  const answers = new Map();

  /** Waits for a call; its result, and what was heard since the last, as JSON. It may be asked again. */
  async function end(call) {
    const result = await calls.get(call);
    if (!answers.has(call)) {
      answers.set(call, JSON.stringify({ ...result, heard }));
      heard = [];
    }
    return answers.get(call);
  }

  Object.defineProperty(globalThis, "testDriver", { value: { begin, end } });
})();

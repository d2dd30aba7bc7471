/**
 * Chromium stops a service worker 30 seconds after its last event. Measured with Chromium 156:
 * neither timers count, nor requests, held ones or frequent ones, so long-polling alone does not
 * keep it. A call of the extension API does: each gives it 30 seconds more.
 */
const interval = 20_000;

let timer = 0;

/**
 * Keeps this service worker alive, or leaves it to Chromium.
 *
 * @param {boolean} wanted
 * @returns {void}
 */
export function keepAlive(wanted) {
  if (wanted && timer === 0) {
    timer = setInterval(() => chrome.runtime.getPlatformInfo(), interval);
  } else if (!wanted) {
    clearInterval(timer);
    timer = 0;
  }
}

// The package's Worker, whose requests are counted: the page does not see them.

import "./counted-fetch.js";
import "../../../js/dist/worker.js";

package interop;

/** The options of the command line. Times are in milliseconds. */
final class Options {
    boolean ack = true; // acknowledged delivery
    String timeout = "30000";
    String maxInterval = "10000";
    String maxSessionsPerBrowser = "-1"; // connects held at a time for one browser; any number if -1, CometD's own default is 1
    int port; // any free one if 0
    boolean agents; // every sign-in is an agent of its own, who alone gets the acknowledgements of what he completes

    static Options parse(String[] args) {
        Options options = new Options();
        for (String arg : args) {
            String[] pair = arg.split("=", 2);
            switch (pair[0]) {
                case "--ack" -> options.ack = Boolean.parseBoolean(pair[1]);
                case "--timeout" -> options.timeout = pair[1];
                case "--max-interval" -> options.maxInterval = pair[1];
                case "--max-sessions-per-browser" -> options.maxSessionsPerBrowser = pair[1];
                case "--port" -> options.port = Integer.parseInt(pair[1]);
                case "--agents" -> options.agents = Boolean.parseBoolean(pair[1]);
                default -> throw new IllegalArgumentException("unknown option " + arg);
            }
        }
        return options;
    }

    /** Ends the program with the one that started it, which holds the other end of the pipe. */
    static void endWithParent() {
        Thread thread = new Thread(() -> {
            try {
                while (System.in.read() >= 0) {
                    // nothing is to be said
                }
            } catch (java.io.IOException x) {
                // as good as the end
            }
            Runtime.getRuntime().halt(0);
        }, "parent");
        thread.setDaemon(true);
        thread.start();
    }
}

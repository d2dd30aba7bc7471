package interop;

import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;

/** CometD on Jetty, with the Outbound API of GWS beside it. */
public final class Main {
    public static void main(String[] args) throws Exception {
        Options options = Options.parse(args);
        Options.endWithParent();

        Server server = new Server();
        ServerConnector connector = new ServerConnector(server, 1, 1);
        connector.setHost("127.0.0.1");
        connector.setPort(options.port);
        server.addConnector(connector);

        Bayeux bayeux = new Line(options);
        Gws gws = new Gws(bayeux, options.agents);
        bayeux.obey(gws);
        bayeux.serve(server, gws);

        server.start();
        System.out.println("listening " + connector.getLocalPort());
    }
}

package interop;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.EnumSet;

import javax.servlet.DispatcherType;
import javax.servlet.Filter;
import javax.servlet.FilterChain;
import javax.servlet.FilterConfig;
import javax.servlet.ServletContext;
import javax.servlet.ServletException;
import javax.servlet.ServletRequest;
import javax.servlet.ServletResponse;
import javax.servlet.http.HttpServlet;
import javax.servlet.http.HttpServletRequest;
import javax.servlet.http.HttpServletResponse;
import org.cometd.bayeux.server.BayeuxServer;
import org.cometd.bayeux.server.ServerChannel;
import org.cometd.bayeux.server.ServerMessage;
import org.cometd.bayeux.server.ServerSession;
import org.cometd.server.BayeuxServerImpl;
import org.cometd.server.DefaultSecurityPolicy;
import org.cometd.server.ext.AcknowledgedMessagesExtension;
import org.cometd.server.CometDServlet;
import org.eclipse.jetty.servlet.FilterHolder;
import org.eclipse.jetty.servlet.ServletContextHandler;
import org.eclipse.jetty.servlet.ServletHolder;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.util.ajax.JSON;
import org.eclipse.jetty.websocket.jsr356.server.deploy.WebSocketServerContainerInitializer;

/** CometD 3.1 on Jetty 9.4, with the Outbound API of GWS beside it. */
public final class Main {
    public static void main(String[] args) throws Exception {
        Options options = Options.parse(args);
        Options.endWithParent();
        if (options.agents) {
            throw new IllegalArgumentException("--agents is for CometD 8 and 9");
        }

        Server server = new Server();
        ServerConnector connector = new ServerConnector(server, 1, 1);
        connector.setHost("127.0.0.1");
        connector.setPort(options.port);
        server.addConnector(connector);
        ServletContextHandler context = new ServletContextHandler(server, "/");
        WebSocketServerContainerInitializer.configureContext(context);

        BayeuxServerImpl bayeux = new BayeuxServerImpl();
        bayeux.setOption(ServletContext.class.getName(), context.getServletContext());
        bayeux.setOption("timeout", options.timeout);
        bayeux.setOption("maxInterval", options.maxInterval);
        bayeux.setOption("sweepPeriod", "200");
        bayeux.setOption("maxSessionsPerBrowser", options.maxSessionsPerBrowser);
        bayeux.setOption("ws.cometdURLMapping", "/api/v2/notifications/*");
        if (options.ack) {
            bayeux.addExtension(new AcknowledgedMessagesExtension());
        }
        Gws gws = new Gws(new Bayeux(bayeux));
        bayeux.setSecurityPolicy(new Policy(gws));
        context.setAttribute(BayeuxServer.ATTRIBUTE, bayeux);

        FilterHolder cors = new FilterHolder(new Cors());
        cors.setAsyncSupported(true);
        context.addFilter(cors, "/*", EnumSet.of(DispatcherType.REQUEST));
        ServletHolder cometd = new ServletHolder(new CometDServlet());
        cometd.setAsyncSupported(true);
        cometd.setInitOrder(1);
        context.addServlet(cometd, "/api/v2/notifications/*");
        context.addServlet(new ServletHolder(new Rest(gws)), "/*");

        server.start();
        System.out.println("listening " + connector.getLocalPort());
    }

    private record Bayeux(BayeuxServerImpl server) implements Gws.CometD {
        @Override
        public void publish(String agent, String channel, Object data) {
            ServerChannel target = server.createChannelIfAbsent(channel).getReference();
            target.publish(null, data);
        }

        @Override
        public void expire(String channel) {
            for (ServerSession session : server.getSessions()) {
                if (channel == null || session.getSubscriptions().stream().anyMatch(to -> to.getId().equals(channel))) {
                    server.removeServerSession(session, true);
                }
            }
        }

        @Override
        public int sessions() {
            return server.getSessions().size();
        }
    }

    private static final class Policy extends DefaultSecurityPolicy {
        private final Gws gws;

        private Policy(Gws gws) {
            this.gws = gws;
        }

        @Override
        public boolean canHandshake(BayeuxServer server, ServerSession session, ServerMessage message) {
            return session.isLocalSession() || !gws.denyHandshake;
        }

        @Override
        public boolean canSubscribe(BayeuxServer server, ServerSession session, ServerChannel channel, ServerMessage message) {
            return session.isLocalSession() || !gws.denySubscribe;
        }
    }

    /** Lets pages of this machine in, with cookies. */
    private static final class Cors implements Filter {
        @Override
        public void init(FilterConfig config) {
        }

        @Override
        public void destroy() {
        }

        @Override
        public void doFilter(ServletRequest from, ServletResponse to, FilterChain chain) throws IOException, ServletException {
            HttpServletRequest request = (HttpServletRequest) from;
            HttpServletResponse response = (HttpServletResponse) to;
            String origin = request.getHeader("Origin");
            if (origin != null && origin.startsWith("http://127.0.0.1:")) {
                response.setHeader("Access-Control-Allow-Origin", origin);
                response.setHeader("Access-Control-Allow-Credentials", "true");
                response.setHeader("Access-Control-Allow-Methods", "GET, POST");
                response.setHeader("Access-Control-Allow-Headers", "Authorization, Content-Type, " + Gws.CSRF_HEADER);
                response.setHeader("Access-Control-Expose-Headers", "X-CSRF-HEADER, X-CSRF-TOKEN");
                response.setHeader("Vary", "Origin");
            }
            if (!request.getMethod().equals("OPTIONS")) {
                chain.doFilter(request, response);
            }
        }
    }

    /** Brings requests to the part that knows nothing of servlets. */
    private static final class Rest extends HttpServlet {
        private final Gws gws;

        private Rest(Gws gws) {
            this.gws = gws;
        }

        @Override
        protected void service(HttpServletRequest request, HttpServletResponse response) throws IOException {
            String body = new String(request.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            Gws.Answer answer = gws.handle(null, request.getMethod(), request.getRequestURI(), body);
            response.setStatus(answer.status());
            if (request.getMethod().equals("GET")) {
                response.setHeader("Set-Cookie", gws.cookie(false));
                response.setHeader("X-CSRF-HEADER", Gws.CSRF_HEADER);
                response.setHeader("X-CSRF-TOKEN", gws.csrfToken);
            }
            response.setContentType("application/json");
            response.getOutputStream().write(new JSON().toJSON(answer.body()).getBytes(StandardCharsets.UTF_8));
        }
    }
}

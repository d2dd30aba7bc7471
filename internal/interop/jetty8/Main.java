package interop;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

import jakarta.servlet.DispatcherType;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.Cookie;
import jakarta.servlet.http.HttpFilter;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import org.cometd.bayeux.Promise;
import org.cometd.bayeux.server.BayeuxServer;
import org.cometd.bayeux.server.ServerChannel;
import org.cometd.bayeux.server.ServerMessage;
import org.cometd.bayeux.server.ServerSession;
import org.cometd.server.BayeuxServerImpl;
import org.cometd.server.DefaultSecurityPolicy;
import org.cometd.server.ext.AcknowledgedMessagesExtension;
import org.cometd.server.http.JSONHttpTransport;
import org.cometd.server.http.jakarta.CometDServlet;
import org.cometd.server.websocket.jetty.JettyWebSocketTransport;
import org.eclipse.jetty.ee10.servlet.FilterHolder;
import org.eclipse.jetty.ee10.servlet.ServletContextHandler;
import org.eclipse.jetty.ee10.servlet.ServletHolder;
import org.eclipse.jetty.server.Context;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.util.ajax.JSON;
import org.eclipse.jetty.websocket.server.WebSocketUpgradeHandler;

/** CometD on Jetty 12, with the Outbound API of GWS beside it. */
public final class Main {
    public static void main(String[] args) throws Exception {
        Options options = Options.parse(args);
        Options.endWithParent();

        Server server = new Server();
        ServerConnector connector = new ServerConnector(server, 1, 1);
        connector.setHost("127.0.0.1");
        connector.setPort(options.port);
        server.addConnector(connector);
        ServletContextHandler context = new ServletContextHandler("/");
        server.setHandler(context);
        context.insertHandler(WebSocketUpgradeHandler.from(server, context));

        BayeuxServerImpl bayeux = new BayeuxServerImpl();
        bayeux.setOption(BayeuxServerImpl.TRANSPORTS_OPTION, JettyWebSocketTransport.class.getName() + "," + JSONHttpTransport.class.getName());
        bayeux.setOption(Context.class.getName(), context.getContext());
        bayeux.setOption("timeout", options.timeout);
        bayeux.setOption("maxInterval", options.maxInterval);
        bayeux.setOption("sweepPeriod", "200");
        bayeux.setOption("maxSessionsPerBrowser", options.maxSessionsPerBrowser);
        bayeux.setOption("ws.cometdURLMapping", "/api/v2/notifications/*");
        if (options.ack) {
            bayeux.addExtension(new AcknowledgedMessagesExtension());
        }
        Map<String, Set<ServerSession>> agents = new ConcurrentHashMap<>();
        Gws gws = new Gws(new Bayeux(bayeux, agents));
        bayeux.setSecurityPolicy(new Policy(gws, options.agents ? agents : null));
        context.setAttribute(BayeuxServer.ATTRIBUTE, bayeux);

        FilterHolder cors = new FilterHolder(new Cors());
        cors.setAsyncSupported(true);
        context.addFilter(cors, "/*", EnumSet.of(DispatcherType.REQUEST));
        ServletHolder cometd = new ServletHolder(new CometDServlet());
        cometd.setAsyncSupported(true);
        cometd.setInitOrder(1);
        context.addServlet(cometd, "/api/v2/notifications/*");
        context.addServlet(new ServletHolder(new Rest(gws, options.agents)), "/*");

        server.start();
        System.out.println("listening " + connector.getLocalPort());
    }

    private record Bayeux(BayeuxServerImpl server, Map<String, Set<ServerSession>> agents) implements Gws.CometD {
        @Override
        public void publish(String agent, String channel, Object data) {
            if (agent != null) {
                for (ServerSession session : agents.getOrDefault(agent, Set.of())) {
                    session.deliver(null, channel, data, Promise.noop());
                }
                return;
            }
            ServerChannel target = server.createChannelIfAbsent(channel).getReference();
            target.publish(null, data, Promise.noop());
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
        private final Map<String, Set<ServerSession>> agents; // by cookie; null where all are one

        private Policy(Gws gws, Map<String, Set<ServerSession>> agents) {
            this.gws = gws;
            this.agents = agents;
        }

        @Override
        public boolean canHandshake(BayeuxServer server, ServerSession session, ServerMessage message) {
            if (session.isLocalSession()) {
                return true;
            }
            String agent = agents == null ? null : message.getBayeuxContext().getCookie(Gws.COOKIE);
            if (agent != null) {
                agents.compute(agent, (key, sessions) -> {
                    Set<ServerSession> all = sessions == null ? ConcurrentHashMap.newKeySet() : sessions;
                    all.add(session);
                    return all;
                });
                session.addListener((ServerSession.RemovedListener) (removed, why, timeout) -> agents.computeIfPresent(agent, (key, sessions) -> {
                    sessions.remove(removed);
                    return sessions.isEmpty() ? null : sessions;
                }));
            }
            return !gws.denyHandshake;
        }

        @Override
        public boolean canSubscribe(BayeuxServer server, ServerSession session, ServerChannel channel, ServerMessage message) {
            return session.isLocalSession() || !gws.denySubscribe;
        }
    }

    /** Lets pages of this machine in, with cookies. */
    private static final class Cors extends HttpFilter {
        @Override
        protected void doFilter(HttpServletRequest request, HttpServletResponse response, FilterChain chain) throws IOException, ServletException {
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
        private final boolean agents;

        private Rest(Gws gws, boolean agents) {
            this.gws = gws;
            this.agents = agents;
        }

        @Override
        protected void service(HttpServletRequest request, HttpServletResponse response) throws IOException {
            String body = new String(request.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            String agent = agents ? agent(request) : null;
            Gws.Answer answer = gws.handle(agent, request.getMethod(), request.getRequestURI(), body);
            response.setStatus(answer.status());
            if (request.getMethod().equals("GET")) {
                if (agent == null || agent.isEmpty()) { // an agent stays the same, over a restart too
                    response.setHeader("Set-Cookie", gws.cookie(agents));
                }
                response.setHeader("X-CSRF-HEADER", Gws.CSRF_HEADER);
                response.setHeader("X-CSRF-TOKEN", gws.csrfToken);
            }
            response.setContentType("application/json");
            response.getOutputStream().write(new JSON().toJSON(answer.body()).getBytes(StandardCharsets.UTF_8));
        }

        /** The agent of a request, "" for one who is not signed in. */
        private static String agent(HttpServletRequest request) {
            if (request.getCookies() != null) {
                for (Cookie cookie : request.getCookies()) {
                    if (cookie.getName().equals(Gws.COOKIE)) {
                        return cookie.getValue();
                    }
                }
            }
            return "";
        }
    }
}

package interop;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.EnumSet;

import jakarta.servlet.DispatcherType;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
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
import org.cometd.server.http.JSONHttpTransport;
import org.cometd.server.http.jakarta.CometDServlet;
import org.cometd.server.websocket.jetty.JettyWebSocketTransport;
import org.eclipse.jetty.ee10.servlet.FilterHolder;
import org.eclipse.jetty.ee10.servlet.ServletContextHandler;
import org.eclipse.jetty.ee10.servlet.ServletHolder;
import org.eclipse.jetty.server.Context;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.websocket.server.WebSocketUpgradeHandler;

/** CometD 8 on Jetty 12, and CometD 9 on Jetty 12.1. */
final class Line extends Bayeux {
    Line(Options options) {
        super(options);
        server.setOption(BayeuxServerImpl.TRANSPORTS_OPTION, JettyWebSocketTransport.class.getName() + "," + JSONHttpTransport.class.getName());
    }

    @Override
    void serve(Server jetty, Gws gws) {
        ServletContextHandler context = new ServletContextHandler("/");
        jetty.setHandler(context);
        context.insertHandler(WebSocketUpgradeHandler.from(jetty, context));
        server.setOption(Context.class.getName(), context.getContext());
        context.setAttribute(BayeuxServer.ATTRIBUTE, server);

        FilterHolder cors = new FilterHolder(new Cors());
        cors.setAsyncSupported(true);
        context.addFilter(cors, "/*", EnumSet.of(DispatcherType.REQUEST));
        ServletHolder cometd = new ServletHolder(new CometDServlet());
        cometd.setAsyncSupported(true);
        cometd.setInitOrder(1);
        context.addServlet(cometd, PATH);
        context.addServlet(new ServletHolder(new Rest(gws)), "/*");
    }

    @Override
    void publish(ServerChannel channel, Object data) {
        channel.publish(null, data, Promise.noop());
    }

    @Override
    void deliver(ServerSession session, String channel, Object data) {
        session.deliver(null, channel, data, Promise.noop());
    }

    @Override
    void onRemoved(ServerSession session, Runnable then) {
        session.addListener((ServerSession.RemovedListener) (removed, message, timeout) -> then.run());
    }

    @Override
    String cookie(ServerMessage message, String name) {
        return message.getBayeuxContext().getCookie(name);
    }

    private static final class Cors extends HttpFilter {
        @Override
        protected void doFilter(HttpServletRequest request, HttpServletResponse response, FilterChain chain) throws IOException, ServletException {
            String origin = request.getHeader("Origin");
            if (origin != null) {
                Gws.cors(origin).forEach(response::setHeader);
            }
            if (!request.getMethod().equals("OPTIONS")) {
                chain.doFilter(request, response);
            }
        }
    }

    private static final class Rest extends HttpServlet {
        private final Gws gws;

        private Rest(Gws gws) {
            this.gws = gws;
        }

        @Override
        protected void service(HttpServletRequest request, HttpServletResponse response) throws IOException {
            String body = new String(request.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            Gws.Answer answer = gws.handle(request.getMethod(), request.getRequestURI(), request.getHeader("Cookie"), body);
            response.setStatus(answer.status());
            answer.headers().forEach(response::setHeader);
            response.getOutputStream().write(answer.json().getBytes(StandardCharsets.UTF_8));
        }
    }
}

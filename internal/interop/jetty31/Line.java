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
import org.cometd.server.CometDServlet;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.servlet.FilterHolder;
import org.eclipse.jetty.servlet.ServletContextHandler;
import org.eclipse.jetty.servlet.ServletHolder;
import org.eclipse.jetty.websocket.jsr356.server.deploy.WebSocketServerContainerInitializer;

/** CometD 3.1 on Jetty 9.4. */
final class Line extends Bayeux {
    Line(Options options) {
        super(options);
    }

    @Override
    void serve(Server jetty, Gws gws) throws Exception {
        ServletContextHandler context = new ServletContextHandler(jetty, "/");
        WebSocketServerContainerInitializer.configureContext(context);
        server.setOption(ServletContext.class.getName(), context.getServletContext());
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
        channel.publish(null, data);
    }

    @Override
    void deliver(ServerSession session, String channel, Object data) {
        session.deliver(null, channel, data);
    }

    @Override
    void onRemoved(ServerSession session, Runnable then) {
        session.addListener((ServerSession.RemoveListener) (removed, timeout) -> then.run());
    }

    @Override
    String cookie(ServerMessage message, String name) {
        return server.getContext().getCookie(name);
    }

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

package workbook.ui;

import jakarta.servlet.Filter;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.ServletRequest;
import jakarta.servlet.ServletResponse;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.Set;
import java.util.regex.Pattern;

/** Keeps pages of other sites away from Spark's: the rules of lab/core/browsers.py. */
public final class OwnPagesOnly implements Filter {
    private static final Pattern OWN_HOST = Pattern.compile("(?i)(127\\.0\\.0\\.1|localhost)(:\\d+)?");
    private static final Set<String> OTHER_SITES = Set.of("cross-site", "same-site");

    @Override
    public void doFilter(ServletRequest request, ServletResponse response, FilterChain next)
        throws IOException, ServletException {
        String refusal = refusal((HttpServletRequest) request);
        if (refusal == null) {
            next.doFilter(request, response);
        } else {
            ((HttpServletResponse) response).sendError(HttpServletResponse.SC_FORBIDDEN, refusal);
        }
    }

    private static String refusal(HttpServletRequest request) {
        String host = request.getHeader("Host");
        if (host == null || !OWN_HOST.matcher(host).matches()) {
            return "This is the lab, which answers at 127.0.0.1 and localhost only.";
        }
        String origin = request.getHeader("Origin");
        boolean foreign = origin != null && !origin.equalsIgnoreCase("http://" + host);
        boolean link = request.getMethod().equals("GET") && "navigate".equals(request.getHeader("Sec-Fetch-Mode"));
        String site = request.getHeader("Sec-Fetch-Site");
        if (foreign || site != null && OTHER_SITES.contains(site) && !link) {
            return "The lab answers no page of another site.";
        }
        return null;
    }
}

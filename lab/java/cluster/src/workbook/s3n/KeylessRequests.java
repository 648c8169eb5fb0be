package workbook.s3n;

import java.util.List;
import java.util.Map;
import org.sparkproject.connect.grpc.ForwardingServerCallListener.SimpleForwardingServerCallListener;
import org.sparkproject.connect.grpc.Metadata;
import org.sparkproject.connect.grpc.ServerCall;
import org.sparkproject.connect.grpc.ServerCallHandler;
import org.sparkproject.connect.grpc.ServerInterceptor;
import org.sparkproject.connect.protobuf.Descriptors.FieldDescriptor;
import org.sparkproject.connect.protobuf.Message;

/** Takes the keys out of addresses where requests enter Spark: what it never hears it cannot repeat. */
public final class KeylessRequests implements ServerInterceptor {
    @Override
    public <Q, A> ServerCall.Listener<Q> interceptCall(
        ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
        return new SimpleForwardingServerCallListener<Q>(next.startCall(call, headers)) {
            @Override
            @SuppressWarnings("unchecked") // a message stays of its kind
            public void onMessage(Q request) {
                super.onMessage((Q) keyless(request));
            }
        };
    }

    private static Object keyless(Object value) {
        if (value instanceof String text) {
            return Keys.hidden(text);
        }
        if (value instanceof List<?> several) {
            return several.stream().map(KeylessRequests::keyless).toList();
        }
        return value instanceof Message message ? keyless(message) : value;
    }

    private static Message keyless(Message message) {
        Message.Builder changed = message.toBuilder();
        for (Map.Entry<FieldDescriptor, Object> field : message.getAllFields().entrySet()) {
            changed.setField(field.getKey(), keyless(field.getValue()));
        }
        return changed.build();
    }
}

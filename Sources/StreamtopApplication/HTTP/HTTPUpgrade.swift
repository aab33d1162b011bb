import StreamtopBase
import StreamtopWire

/// How a connection, or a stream, came to carry another protocol (RFC 9110 section 7.8, RFC 6455 section 4, RFC 8441).
package struct HTTPUpgrade: Equatable, Sendable {
    /// As the response names it, in lower case.
    package var protocolName: String
    package var url: String?
    /// From the request's first byte to the response's.
    package var duration: Nanoseconds?
    package var time: Timestamp
    /// What the client asked to be proved with (Sec-WebSocket-Key), and the proof.
    package var key: String?
    package var accept: String?
    /// As agreed, not as offered.
    package var subprotocol: String?
    package var extensions: String?
    /// The stream that was upgraded, where HTTP has streams.
    package var stream: UInt64?

    /// From the fields of the request that asked and of the response that agreed.
    init(
        to name: String, request: [HTTPField], response: [HTTPField], url: String?, duration: Nanoseconds?,
        at time: Timestamp
    ) {
        func field(_ name: String, _ fields: [HTTPField]) -> String? { fields.first { $0.name == name }?.value }
        protocolName = name
        self.url = url
        self.duration = duration
        self.time = time
        key = field("sec-websocket-key", request)
        accept = field("sec-websocket-accept", response)
        subprotocol = field("sec-websocket-protocol", response)
        let lines = response.filter { $0.name == "sec-websocket-extensions" }.map(\.value)
        extensions = lines.isEmpty ? nil : lines.joined(separator: ", ")
    }
}

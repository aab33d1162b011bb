import StreamtopBase

/// The server's bytes against the client's until the client's address is proven (RFC 9000 section 8.1): how near the
/// server came to three times, and how long it stood there.
struct QUICAmplificationMeter: Sendable {
    /// A server this near its limit has no room for another full packet.
    private static let limit = 2.7

    private var client = 0
    private var server = 0
    private(set) var isValidated = false
    private(set) var ratio = 0.0
    private(set) var blocked: Nanoseconds = 0
    private var lastServer: Timestamp?
    /// Silence of the server at its limit that the client has just ended.
    private var candidate: Nanoseconds?

    init() {}

    /// Something was compared: both ends sent.
    var hasRatio: Bool { client > 0 && server > 0 }

    mutating func record(size: Int, from direction: Direction, at time: Timestamp) {
        guard !isValidated else { return }
        if direction == .fromClient {
            if client > 0, Double(server) >= Self.limit * Double(client), let last = lastServer {
                candidate = max(0, time - last)
            }
            client &+= size
            return
        }
        // More of the handshake came at once: the server had been waiting for the client's bytes.
        if let silence = candidate { blocked = saturatingAdd(blocked, silence) }
        candidate = nil
        server &+= size
        lastServer = time
        if client > 0 { ratio = max(ratio, Double(server) / Double(client)) }
    }

    /// A Handshake packet of the client, or the token of a Retry, came back from its address.
    mutating func validate() {
        isValidated = true
        candidate = nil
    }
}

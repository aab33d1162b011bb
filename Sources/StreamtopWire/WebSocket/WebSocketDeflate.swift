/// What both ends agreed on for compressing messages (RFC 7692 section 7.1).
package struct WebSocketDeflate: Equatable, Sendable {
    package var clientForgets = false
    package var serverForgets = false
    package var clientWindowBits = 15
    package var serverWindowBits = 15

    /// From the value of the response's Sec-WebSocket-Extensions; nil where messages are not compressed.
    package init?(agreed extensions: String) {
        // One extension of that name at most is agreed to.
        let list = extensions.split(separator: ",").map { $0.split(separator: ";").map(Self.trimmed) }
        guard let parameters = list.first(where: { $0.first?.lowercased() == "permessage-deflate" }) else { return nil }
        for parameter in parameters.dropFirst() {
            let parts = parameter.split(separator: "=", maxSplits: 1).map(Self.trimmed)
            let bits = parts.count > 1 ? Int(parts[1].filter { $0 != "\"" }) : nil
            switch parts.first?.lowercased() {
            case "client_no_context_takeover": clientForgets = true
            case "server_no_context_takeover": serverForgets = true
            case "client_max_window_bits": clientWindowBits = bits.map { min(15, max(8, $0)) } ?? 15
            case "server_max_window_bits": serverWindowBits = bits.map { min(15, max(8, $0)) } ?? 15
            default: break
            }
        }
    }

    private static func trimmed(_ text: Substring) -> String {
        var rest = text.drop { $0 == " " }
        while rest.last == " " { rest.removeLast() }
        return String(rest)
    }
}

import StreamtopModel

/// What the messages of a connection would have cost in other ways. A model, and it says so: header sizes are those that
/// common clients and servers send, TCP and TLS are left out on both sides of the comparison.
enum WebSocketCost {
    /// HTTP/2, table warm: HEADERS of nine bytes and about 20 of indexed fields, DATA of nine, answered by HEADERS of nine and one.
    static let http2Message: UInt64 = 9 + 20 + 9 + 9 + 1
    /// HTTP/1.1 with the fields of a browser, without cookies, and an answer.
    static let longPollingMessage: UInt64 = 450 + 150

    static func comparison(_ socket: WebSocketSnapshot) -> WebSocketComparison? {
        guard let client = socket.client.messageBytes, let server = socket.server.messageBytes else { return nil }
        let messages = UInt64(socket.client.messages + socket.server.messages)
        guard messages > 0 else { return nil }
        let content = client &+ server
        return WebSocketComparison(
            http2Bytes: content &+ messages &* http2Message,
            longPollingBytes: content &+ messages &* longPollingMessage,
            method: "one request a message: HTTP/2 \(http2Message) bytes of headers, HTTP/1.1 \(longPollingMessage)")
    }
}

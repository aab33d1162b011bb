/// Where the content of a message ends (RFC 9112 section 6.3).
package enum HTTP1Framing: Equatable, Sendable {
    case none
    case length(UInt64)
    case chunked
    /// Everything until the connection closes.
    case untilClose
    /// What follows is no HTTP/1.1 any more: a tunnel (CONNECT) or another protocol (101).
    case tunnel
    /// The length fields contradict each other: where the next message begins is not known.
    case unknown

    /// Of a request.
    init(requestWith head: HTTP1Head) {
        switch head.transferEncoding {
        case .chunked: self = .chunked
        case .other: self = .unknown
        case .absent:
            switch head.contentLength {
            case .absent: self = .none
            case .bytes(let count): self = count == 0 ? .none : .length(count)
            case .invalid: self = .unknown
            }
        }
    }

    /// Of a response to a request with `method`, nil where that was not seen.
    init(responseWith head: HTTP1Head, to method: String?) {
        let status = head.status ?? 0
        if status == 101 || (method == "CONNECT" && (200..<300).contains(status)) {
            self = .tunnel
        } else if method == "HEAD" || status < 200 || status == 204 || status == 304 {
            self = .none
        } else {
            switch (head.transferEncoding, head.contentLength) {
            case (.chunked, _): self = .chunked
            case (.other, _), (.absent, .absent): self = .untilClose
            case (.absent, .bytes(let count)): self = count == 0 ? .none : .length(count)
            case (.absent, .invalid): self = .unknown
            }
        }
    }

    package init(_ head: HTTP1Head, answering method: String?) {
        switch head.startLine {
        case .request: self.init(requestWith: head)
        case .response: self.init(responseWith: head, to: method)
        }
    }
}

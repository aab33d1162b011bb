import StreamtopBase
import StreamtopModel
import StreamtopWire

/// What is kept of the head of a request or response: control data and the few fields that are shown (RFC 9110
/// section 6.2). Everything else, credentials among it, is dropped here.
struct HTTPMessageHead: Equatable, Sendable {
    /// Longest text kept of a field; what is longer is cut.
    static let textLimit = 4_096
    static let nameLimit = 256

    var method: String?
    var scheme: String?
    var authority: String?
    var path: String?
    var status: Int?
    var contentType: String?
    var clientData: [HTTPClientDatum] = []
    var cache: HTTPCacheSnapshot?
    /// How the client sent `clientData`.
    var clientDataMode = HTTPClientDataMode.header
    var serverData: HTTPServerDataSnapshot?
    /// The range that a request asks for, or that a response is of (RFC 9110 section 14).
    var range: HTTPByteRange?
    /// When the response was made, by the server's clock (RFC 9110 section 6.6.1).
    var date: Timestamp?
    /// Length of the content, where the head says it.
    var contentLength: UInt64?
    var contentEncoding: String?
    var userAgent: String?

    /// Memory of the text kept.
    var textBytes: Int {
        (path?.utf8.count ?? 0) + (authority?.utf8.count ?? 0) + (method?.utf8.count ?? 0)
            + (contentType?.utf8.count ?? 0) + clientData.count * CommonMediaClientData.valueLimit
    }

    /// From the fields of a section of HTTP/2 or HTTP/3, where control data are fields of their own.
    init(_ fields: [HTTPField]) {
        for field in fields {
            switch field.name {
            case ":method": method = method ?? cut(field.value, Self.nameLimit)
            case ":scheme": scheme = scheme ?? cut(field.value, Self.nameLimit)
            case ":authority": authority = authority ?? cut(field.value, Self.nameLimit)
            case ":path": path = path ?? cut(field.value, Self.textLimit)
            case ":status": status = status ?? HTTPMessageHead.status(field.value)
            case "host": authority = authority ?? cut(field.value, Self.nameLimit)
            case "content-type": contentType = contentType ?? cut(field.value, Self.nameLimit)
            case "cmcd-request", "cmcd-object", "cmcd-status", "cmcd-session":
                CommonMediaClientData.add(field.value, to: &clientData)
            case "range", "content-range": range = range ?? HTTPByteRange(field.value)
            case "date": date = date ?? HTTPDate.instant(field.value)
            case "content-length": contentLength = contentLength ?? UInt64(field.value)
            case "content-encoding": contentEncoding = contentEncoding ?? cut(field.value, Self.nameLimit)
            case "user-agent": userAgent = userAgent ?? cut(field.value, Self.nameLimit)
            default: break
            }
        }
        if clientData.isEmpty, let path {
            CommonMediaClientData.add(queryOf: path, to: &clientData)
            clientDataMode = .query
        }
        guard status != nil else { return }
        cache = HTTPCacheState.snapshot(of: fields)
        serverData = CommonMediaServerData.snapshot(of: fields)
    }

    /// From the head of a message of HTTP/1.1.
    init(_ head: HTTP1Head, isSecure: Bool) {
        self.init(Self.controlFields(of: head, isSecure: isSecure) + head.fields)
    }

    /// The start line as the control data that HTTP/2 and HTTP/3 would have (RFC 9113 section 8.3). A target has four forms
    /// (RFC 9112 section 3.2).
    private static func controlFields(of head: HTTP1Head, isSecure: Bool) -> [HTTPField] {
        switch head.startLine {
        case .response(let status): return [HTTPField(":status", String(status))]
        case .request("CONNECT", let target):
            return [HTTPField(":method", "CONNECT"), HTTPField(":authority", target)]
        case .request(let method, let target):
            guard let colon = target.firstIndex(of: ":"), target[colon...].hasPrefix("://") else {
                let scheme = isSecure ? "https" : "http"
                return [HTTPField(":method", method), HTTPField(":scheme", scheme), HTTPField(":path", target)]
            }
            let rest = target[colon...].dropFirst(3)
            let end = rest.firstIndex { $0 == "/" || $0 == "?" } ?? rest.endIndex
            return [
                HTTPField(":method", method), HTTPField(":scheme", String(target[..<colon])),
                HTTPField(":authority", String(rest[..<end])),
                HTTPField(":path", end == rest.endIndex ? "/" : String(rest[end...])),
            ]
        }
    }

    /// Why a server would wait before it answers, by what is asked for.
    var heldBy: HTTPHeldBy? {
        guard let path, let mark = path.firstIndex(of: "?") else { return nil }
        // Blocking playlist reload (draft-pantos-hls-rfc8216bis section 6.2.5.2).
        return path[mark...].contains("_HLS_msn=") ? .blockingReload : nil
    }

    /// An interim response (RFC 9110 section 15.2); the final one follows.
    var isInterim: Bool { status.map { $0 < 200 } ?? false }

    /// As much of the target as the request names: `https://host/path`, `host:port` of a CONNECT, `*`.
    var url: String? {
        guard let path, path != "*" else { return path ?? authority }
        guard let authority else { return path }
        guard let scheme else { return authority + path }
        return scheme + "://" + authority + path
    }

    private static func status(_ text: String) -> Int? {
        guard text.utf8.count == 3, let number = Int(text), (100..<1_000).contains(number) else { return nil }
        return number
    }

    private func cut(_ text: String, _ length: Int) -> String {
        text.utf8.count <= length ? text : String(decoding: text.utf8.prefix(length), as: UTF8.self)
    }
}

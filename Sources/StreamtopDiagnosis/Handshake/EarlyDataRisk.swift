import StreamtopBase
import StreamtopModel

/// What harm a replay of early data could do (RFC 8446 section 8, RFC 8470 section 5), whatever carried it.
package enum EarlyDataRisk {
    /// Methods that may be repeated (RFC 9110 section 9.2.1).
    private static let safeMethods: Set<String> = ["GET", "HEAD", "OPTIONS", "TRACE"]

    /// Judges the flow's early data, where there is some: by what became of it, by the requests that were read in it, by its first
    /// line.
    package static func judge(_ flow: inout FlowSnapshot) {
        guard var early = flow.$tls?.value.earlyData else { return }
        if early.isReplayed {
            (early.replayRisk, early.reason) = (.unsafe, "the same hello was seen in another connection")
        } else if early.accepted == false {
            (early.replayRisk, early.reason) = (.none, "refused by the server")
        } else if let (method, target) = telling(flow.http) ?? early.request.map({ ($0.method, $0.target) }) {
            early.replayRisk = safeMethods.contains(method) ? .idempotent : .unsafe
            early.reason = target.map { "\(method) \(URLSecrets.masked($0))" } ?? method
        } else {
            early.reason = early.isOpened ? "not an HTTP/1.1 request" : "encrypted"
        }
        flow.tls?.earlyData = early
    }

    /// The first request in the early data that must not be repeated, else the first.
    private static func telling(_ http: HTTPSnapshot?) -> (method: String, target: String?)? {
        let asked = http?.exchanges.filter { $0.isEarly && $0.method != nil } ?? []
        let unsafe = asked.first { !safeMethods.contains($0.method ?? "") }
        guard let request = unsafe ?? asked.first, let method = request.method else { return nil }
        return (method, request.url)
    }
}

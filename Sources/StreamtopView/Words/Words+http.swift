import StreamtopModel

/// HTTP exchanges.
extension Words {
    static let answered = "answered"
    static func requests(_ count: Int) -> String { count == 1 ? "request" : "requests" }
    static func httpErrors(_ count: Int) -> String { count == 1 ? "error" : "errors" }
    static func streamCount(_ count: Int) -> String { count == 1 ? "1 stream" : "\(NumberText.grouped(count)) streams" }
    static let firstByteMilliseconds = "first byte ms"
    static let most = "max"
    static let framing = "framing"
    static let beside = "beside"
    static let content = "content"
    static let goAway = "going away at"
    static let pushed = "push"
    static let brokenOff = "RST"
    static let sinceStartHeader = "+s"
    static let methodHeader = "method"
    static let statusHeader = "stat"
    static let firstByteHeader = "first ms"
    static let wholeHeader = "whole ms"
    static let bytesHeader = "bytes"
    static let whenHeader = "when"
    static let targetHeader = "what"

    static let noWebSocket = "No WebSocket connection was seen in this flow."
    static let lagLegend = "lag: a ping's answer less the path's round trip: the end's own time"
    static let exchangeParts = ["held", "server", "transfer"]
    static let flowControlTitle = "flow control"

    static func cache(_ cache: HTTPCacheSnapshot) -> String {
        let age = cache.age.map { ", \($0) s old" } ?? ""
        return "cache \(cache.state.rawValue)\(age)"
    }

    static func undecodedHeads(_ count: Int) -> String { count == 1 ? "1 head undecoded" : "\(count) heads undecoded" }

    static func lostStreams(_ count: Int) -> String {
        count == 1 ? "1 stream lost to a hole" : "\(count) streams lost to holes"
    }

    static func noExchanges(_ flow: FlowSnapshot) -> String {
        let isHidden = flow.quic?.isDecrypted == false || flow.tls.map { !$0.isDecrypted } == true
        return isHidden
            ? "HTTP in this flow is encrypted: secrets of its connection open it (--keylog)."
            : "No HTTP exchange was read in this flow."
    }

    /// `GET 200 https://…  44.1 ms  97.7K`.
    static func exchange(_ exchange: HTTPExchangeSnapshot) -> String {
        var text = exchange.method ?? (exchange.isPushed ? pushed : "")
        text += exchange.status.map { " \($0)" } ?? ""
        if exchange.state == .reset { text += " \(brokenOff) \(exchange.errorName ?? "")" }
        if let time = exchange.timeToFirstByte { text += "  \(DurationText.withUnit(time))" }
        return text + "  \(ByteText.short(exchange.responseBytes))B  \(exchange.url ?? "")"
    }
}

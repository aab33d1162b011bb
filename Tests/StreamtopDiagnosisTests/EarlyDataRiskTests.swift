import StreamtopBase
import StreamtopModel
import Testing

@testable import StreamtopDiagnosis

@Suite struct EarlyDataRiskTests {
    private func judged(
        http exchanges: [HTTPExchangeSnapshot] = [], _ change: (inout EarlyDataSnapshot) -> Void
    ) throws -> EarlyDataSnapshot {
        var flow = SampleFlows.healthy()
        var tls = TLSSnapshot()
        var early = EarlyDataSnapshot()
        change(&early)
        tls.earlyData = early
        flow.tls = tls
        if !exchanges.isEmpty {
            var http = HTTPSnapshot()
            http.exchanges = exchanges
            flow.http = http
        }
        EarlyDataRisk.judge(&flow)
        return try #require(flow.tls?.earlyData)
    }

    private func exchange(_ method: String, _ url: String, isEarly: Bool = true) -> HTTPExchangeSnapshot {
        var exchange = HTTPExchangeSnapshot(identifier: 1)
        exchange.method = method
        exchange.url = url
        exchange.isEarly = isEarly
        return exchange
    }

    @Test("A replay outweighs what was asked for, a refusal comes next")
    func order() throws {
        let replayed = try judged {
            $0.isReplayed = true
            $0.accepted = false
            $0.request = .init(method: "GET", target: "/")
        }
        #expect(replayed.replayRisk == .unsafe && replayed.reason.contains("another connection"))
        let refused = try judged {
            $0.accepted = false
            $0.request = .init(method: "POST", target: "/")
        }
        #expect(refused.replayRisk == .none && refused.reason == "refused by the server")
    }

    @Test("The first line tells where no exchange was read")
    func firstLine() throws {
        let get = try judged { $0.request = .init(method: "GET", target: "/a") }
        #expect(get.replayRisk == .idempotent && get.reason == "GET /a")
        let post = try judged { $0.request = .init(method: "POST", target: "/order") }
        #expect(post.replayRisk == .unsafe && post.reason == "POST /order")
        #expect(try judged { $0.isOpened = true }.reason == "not an HTTP/1.1 request")
        let sealed = try judged { _ in }
        #expect(sealed.replayRisk == .unknown && sealed.reason == "encrypted")
    }

    @Test("Of several requests the one that must not be repeated; what came later is no early data")
    func exchanges() throws {
        let mixed = try judged(http: [exchange("GET", "a"), exchange("PUT", "b")]) { _ in }
        #expect(mixed.replayRisk == .unsafe && mixed.reason == "PUT b")
        let late = try judged(http: [exchange("GET", "a"), exchange("PUT", "b", isEarly: false)]) { _ in }
        #expect(late.replayRisk == .idempotent && late.reason == "GET a")
    }
}

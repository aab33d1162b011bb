import StreamtopBase
import Testing

@testable import StreamtopTransport

@Suite struct TCPAcknowledgmentLogTests {
    private static func at(_ milliseconds: Int64) -> Timestamp { Timestamp(nanoseconds: milliseconds * 1_000_000) }
    private static let quiet = SenderView(acknowledged: 500, edge: 60_500)

    /// Hundreds of segments with the same acknowledgment pass an end that only listens: two of them are enough.
    @Test func listenersLogStaysShort() {
        var log = TCPAcknowledgmentLog()
        for tick in 1...300 {
            log.append(Self.quiet, timestampValue: UInt32(tick), isSettled: true, at: Self.at(Int64(tick)))
        }
        #expect(log.count == 2)
        // What was known is known from the first of them on, whichever it echoes; the newest gives a round trip.
        #expect(log.reached(echo: 299) == nil)
        #expect(log.known == Self.quiet)
        #expect(log.reached(echo: 300) == Self.at(300))
        #expect(log.count == 0)
    }

    /// While data is under way every acknowledgment may be the one that is echoed.
    @Test func sendersLogKeepsEachTick() {
        var log = TCPAcknowledgmentLog()
        for tick in 1...20 {
            log.append(Self.quiet, timestampValue: UInt32(tick), isSettled: false, at: Self.at(Int64(tick)))
        }
        #expect(log.count == 20)
        #expect(log.reached(echo: 7) == Self.at(7))
        #expect(log.count == 13)
    }

    /// News ends the saving: the entries before stay as they are.
    @Test func newsIsKept() {
        var log = TCPAcknowledgmentLog()
        for tick in 1...5 {
            log.append(Self.quiet, timestampValue: UInt32(tick), isSettled: true, at: Self.at(Int64(tick)))
        }
        let news = SenderView(acknowledged: 900, edge: 60_900)
        log.append(news, timestampValue: 6, isSettled: true, at: Self.at(6))
        #expect(log.count == 3)
        #expect(log.view(before: Self.at(5)) == Self.quiet)
        #expect(log.view(before: Self.at(6)) == news)
        log.reached(before: Self.at(5))
        #expect(log.known == Self.quiet)
    }

    @Test func fullLogForgetsTheOldest() {
        var log = TCPAcknowledgmentLog()
        for tick in 0..<2000 {
            let view = SenderView(acknowledged: UInt32(tick), edge: UInt32(tick))
            log.append(view, timestampValue: nil, isSettled: false, at: Self.at(Int64(tick)))
        }
        #expect(log.count == TCPAcknowledgmentLog.capacity)
        #expect(log.view(before: Self.at(5000))?.acknowledged == 1999)
    }
}

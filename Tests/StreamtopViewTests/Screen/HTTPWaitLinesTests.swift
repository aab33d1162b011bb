import StreamtopBase
import StreamtopModel
import Testing

@testable import StreamtopView

/// Lines that stand on the HTTP tab only where there is something to say.
@Suite struct HTTPWaitLinesTests {
    private func text(_ flow: FlowSnapshot) -> [String] {
        HTTPWaitLines.all(flow).map { $0.map(\.text).joined() }
    }

    @Test func nothingWhereNothingWaited() {
        #expect(text(SampleExchanges.player()).isEmpty && text(SampleExchanges.http2()).isEmpty)
    }

    @Test func whatWaitedAndWhatElseIsCarried() throws {
        var flow = SampleExchanges.http2()
        flow.http2?.headOfLine.server = HeadOfLineSnapshot(waited: .milliseconds(40), holes: 1, streams: 3)
        let lines = text(flow)
        #expect(lines.count == 1 && lines[0].contains("40.0 ms behind 1 hole, 3 streams waited"), "\(lines)")
        var other = SampleExchanges.player()
        other.http3?.blockedSections = 2
        var session = WebTransportSnapshot(identifier: 0, url: "https://h/x", start: other.start)
        session.ends.client.unidirectional = 2
        session.ends.client.resets = 1
        other.http3?.webTransport = [session]
        let more = text(other)
        #expect(more.count == 2 && more[0].hasPrefix("QPACK  2 header blocks"))
        #expect(more[1].contains("client 2 streams") && more[1].contains("reset 1"), "\(more)")
    }
}

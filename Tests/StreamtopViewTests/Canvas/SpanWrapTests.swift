import Testing

@testable import StreamtopView

@Suite struct SpanWrapTests {
    private func lines(_ texts: [String], width: Int) -> [String] {
        SpanWrap.lines(texts.map { TextSpan($0) }, width: width).map { $0.map(\.text).joined() }
    }

    @Test func figuresStayWithTheirLabels() {
        let texts = ["blocked", "  connection ", "820 ms", "  streams ", "0 ms", ", now 3"]
        #expect(lines(texts, width: 80) == [texts.joined()])
        #expect(lines(texts, width: 30) == ["blocked  connection 820 ms", "    streams 0 ms, now 3"])
        #expect(lines(texts, width: 20) == ["blocked", "    connection 820 ms", "    streams 0 ms, now 3"])
        // What is longer than a line stands alone, and is cut there.
        #expect(lines(["a", "  bbbbbbbbbb", "  c"], width: 5) == ["a", "    bbbbbbbbbb", "    c"])
        #expect(lines([], width: 5).isEmpty)
    }
}

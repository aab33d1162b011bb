import Testing

@testable import StreamtopView

@Suite struct CellBufferTests {
    private func row(_ buffer: CellBuffer, _ y: Int = 0) -> String {
        var text = ""
        for x in 0..<buffer.width where !buffer[x, y].isContinuation {
            text.unicodeScalars.append(buffer[x, y].scalar)
            if buffer[x, y].combining != Cell.noMark { text.unicodeScalars.append(buffer[x, y].combining) }
        }
        return text
    }

    @Test(arguments: [
        ("plain", 5, "plain   "), ("toolongfor", 8, "toolong…"), ("日本", 4, "日本    "), ("日本語漢字", 8, "日本語 …"),
        ("e\u{301}a", 2, "e\u{301}a      "), ("\u{1b}[2J", 5, "\\e[2J   "), ("a\u{7}b", 6, "a\\x07b  "),
        ("x\u{202e}y", 8, "x\\u{202…"), ("👩\u{200d}💻", 4, "👩💻    "), ("\u{301}", 0, "        "),
    ])
    func putMeasuresAndEscapes(text: String, columns: Int, displayed: String) {
        var buffer = CellBuffer(width: 8, height: 1)
        #expect(buffer.put(text, x: 0, y: 0) == columns)
        #expect(row(buffer) == displayed)
    }

    @Test func nothingIsWrittenOutside() {
        var buffer = CellBuffer(width: 4, height: 2)
        for (x, y) in [(-9, 0), (9, 0), (0, -1), (0, 2), (Int.max, 0)] { buffer.put("abc日", x: x, y: y) }
        #expect(buffer == CellBuffer(width: 4, height: 2))
        buffer.put("日本", x: -1, y: 0)
        buffer.put("abcdef", x: -2, y: 1)
        #expect(row(buffer, 1) == "cde…" || row(buffer, 1) == "cdef")
        buffer.fill(Rect(x: -5, y: -5, width: 100, height: 100), "x")
        #expect(row(buffer) == "xxxx")
        #expect(CellBuffer(width: -1, height: 1 << 40).cells.isEmpty)
    }

    @Test func noControlReachesACell() {
        var buffer = CellBuffer(width: 40, height: 1)
        for value in UInt32(0)...0xffff {
            guard let scalar = Unicode.Scalar(value) else { continue }
            buffer.clear()
            buffer.put("a\(Character(scalar))b", x: 0, y: 0)
            for cell in buffer.cells where !cell.isContinuation {
                #expect(cell.scalar.properties.generalCategory != .control, "\(value)")
                #expect(cell.scalar.properties.generalCategory != .lineSeparator)
            }
        }
    }

    @Test func putKeepsTheGroundAndTellsItsColumns() {
        var buffer = CellBuffer(width: 10, height: 1)
        buffer.lay(.selection, over: buffer.bounds)
        #expect(buffer.put("abc", x: 1, y: 0, .act, maxWidth: 2) == 2)
        #expect(buffer[1, 0] == Cell("a", role: .act, ground: .selection))
        #expect(buffer[2, 0] == Cell("…", role: .act, ground: .selection))
        #expect(buffer[3, 0].scalar == " ")
        buffer.putRight("xy", right: 10, y: 0)
        #expect(row(buffer).hasSuffix("xy"))
    }

    @Test(arguments: [
        TextWidth.combiningRanges, TextWidth.droppedRanges, TextWidth.escapedRanges, TextWidth.wideRanges,
    ])
    func tablesAscend(ranges: [ClosedRange<UInt32>]) {
        for (left, right) in zip(ranges, ranges.dropFirst()) { #expect(left.upperBound < right.lowerBound) }
    }
}

import Testing

@testable import StreamtopView

@Suite struct CellDiffTests {
    private func buffer(_ rows: String...) -> CellBuffer {
        var buffer = CellBuffer(width: 12, height: rows.count)
        for (y, row) in rows.enumerated() { buffer.put(row, x: 0, y: y) }
        return buffer
    }

    @Test func equalBuffersNeedNothing() {
        #expect(CellDiff(from: buffer("abc", "def"), to: buffer("abc", "def")).runs.isEmpty)
    }

    @Test func firstPictureAndNewSizePaintAll() {
        let all = [CellDiff.Run(x: 0, y: 0, count: 12), CellDiff.Run(x: 0, y: 1, count: 12)]
        #expect(CellDiff(from: nil, to: buffer("a", "b")).runs == all)
        #expect(CellDiff(from: buffer("a"), to: buffer("a", "b")).runs == all)
    }

    @Test func runsCoverExactlyTheChanges() {
        let runs = CellDiff(from: buffer("abcdefgh"), to: buffer("abXdefYZ")).runs
        #expect(runs == [CellDiff.Run(x: 2, y: 0, count: 1), CellDiff.Run(x: 6, y: 0, count: 2)])
    }

    @Test func wideCharactersStayWhole() {
        // 日 and 本 differ in their left cells only; the right one is the same continuation.
        let runs = CellDiff(from: buffer("a日c"), to: buffer("a本c")).runs
        #expect(runs == [CellDiff.Run(x: 1, y: 0, count: 2)])
        let narrowed = CellDiff(from: buffer("a日c"), to: buffer("axyc")).runs
        #expect(narrowed == [CellDiff.Run(x: 1, y: 0, count: 2)])
    }

    @Test func roleAloneIsAChange() {
        var changed = buffer("abc")
        changed.recolor(Rect(x: 1, y: 0, width: 1, height: 1), .act)
        #expect(CellDiff(from: buffer("abc"), to: changed).runs == [CellDiff.Run(x: 1, y: 0, count: 1)])
    }
}

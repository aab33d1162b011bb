import StreamtopBase
import StreamtopModel

/// The ladder of a flow in one line, on one scale: `qdisc 0.1 ms │ PATH 84.1 ms ██████`. The largest is in capitals, so that
/// it survives a terminal without colours.
enum LadderLine {
    private struct Part {
        var words: String
        var waiting: Nanoseconds
        var isLargest: Bool
    }

    private static let worthNaming: Nanoseconds = .milliseconds(1)
    private static let leastBars = 16
    /// Own: a bar over the whole line says that something waits; less than this is nothing that a user feels.
    private static let leastScale: Nanoseconds = .milliseconds(10)

    /// False where no delay is known: nothing is drawn.
    @discardableResult
    static func draw(_ flow: FlowSnapshot, in area: Rect, into cells: inout CellBuffer) -> Bool {
        var parts = parts(of: flow)
        guard !parts.isEmpty, area.height > 0 else { return false }
        // What holds next to nothing leaves first, where not all have room, or no room were left for bars.
        while let least = leastIndex(parts) {
            let isNothing = parts[least].waiting < worthNaming
            guard width(parts) > area.width - (isNothing ? leastBars : 0) else { break }
            parts.remove(at: least)
        }
        let sum = max(leastScale, parts.reduce(0) { saturatingAdd($0, $1.waiting) })
        // What the words leave of the line is the bars', shared by time.
        let columns = max(0, area.width - width(parts) - parts.count)
        var x = area.x
        for (index, part) in parts.enumerated() {
            if index > 0 { x += cells.put(" │ ", x: x, y: area.y, .border, maxWidth: max(0, area.right - x)) }
            x += cells.put(part.words, x: x, y: area.y, part.isLargest ? .act : .text, maxWidth: max(0, area.right - x))
            let bar = Int(Double(columns) * Double(part.waiting) / Double(sum))
            guard bar > 0 else { continue }
            Gauge.draw(
                1, in: Rect(x: x + 1, y: area.y, width: bar, height: 1), part.isLargest ? .chartQueue : .gaugeFill,
                into: &cells)
            x += 1 + bar
        }
        return true
    }

    private static func parts(of flow: FlowSnapshot) -> [Part] {
        let ladder = BufferLadder(flow)
        return ladder.rungs.enumerated().compactMap { position, rung in
            let isLargest = position == ladder.largest
            guard rung.waiting != nil || isLargest else { return nil }
            let name = isLargest ? Words.rung(rung.buffer).uppercased() : Words.rung(rung.buffer)
            // What does not drain has no time.
            let held = rung.buffer.occupiedBytes.map { ByteText.short($0) } ?? Words.unknown
            let words = rung.waiting.map { "\(name) \(DurationText.milliseconds($0)) ms" } ?? "\(name) holds \(held)"
            return Part(words: words, waiting: rung.waiting ?? 0, isLargest: isLargest)
        }
    }

    private static func width(_ parts: [Part]) -> Int {
        parts.reduce(-3) { $0 + TextWidth.columns(of: $1.words) + 3 }
    }

    private static func leastIndex(_ parts: [Part]) -> Int? {
        parts.indices.filter { !parts[$0].isLargest }.min { parts[$0].waiting < parts[$1].waiting }
    }
}

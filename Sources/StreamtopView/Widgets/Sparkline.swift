/// A line of eighth blocks: the shape of a few values over time.
enum Sparkline {
    static let blocks: [Unicode.Scalar] = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"]

    /// Draws the newest values at the right end; nil leaves a blank.
    ///
    /// The scale runs from the smallest value to the largest, or to twice the smallest if that is more: jitter looks
    /// flat, and a full block means that the value has doubled at least.
    static func draw(_ values: [Double?], in area: Rect, _ role: StyleRole = .sparkline, into cells: inout CellBuffer) {
        guard area.width > 0, !values.isEmpty else { return }
        let buckets = bucketed(values, into: area.width)
        let known = buckets.compactMap { $0 }
        guard let low = known.min(), let high = known.max() else { return }
        let span = max(high, low * 2) - low
        for (offset, value) in buckets.enumerated() {
            guard let value else { continue }
            let share = span > 0 ? (value - low) / span : 0
            let level = min(7, max(0, Int(share * 8)))
            cells.set(blocks[level], x: area.right - buckets.count + offset, y: area.y, role)
        }
    }

    /// At most `count` values, each the largest of its share of time.
    private static func bucketed(_ values: [Double?], into count: Int) -> [Double?] {
        guard values.count > count else { return values }
        let size = (values.count + count - 1) / count
        // Buckets end at the newest value, so that the picture shifts by whole columns.
        let lead = values.count % size
        var buckets: [Double?] = lead > 0 ? [values[..<lead].compactMap { $0 }.max()] : []
        for start in stride(from: lead, to: values.count, by: size) {
            buckets.append(values[start..<min(start + size, values.count)].compactMap { $0 }.max())
        }
        return buckets
    }
}

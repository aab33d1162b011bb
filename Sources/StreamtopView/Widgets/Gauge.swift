/// A bar that fills from the left, in eighths of a column.
enum Gauge {
    private static let eighths: [Unicode.Scalar] = ["▏", "▎", "▍", "▌", "▋", "▊", "▉", "█"]

    /// - Parameters:
    ///   - share: 0 to 1; what is above is drawn full.
    static func draw(
        _ share: Double, in area: Rect, _ role: StyleRole = .gaugeFill, rest: StyleRole? = .gaugeRest,
        into cells: inout CellBuffer
    ) {
        guard area.width > 0, share.isFinite else { return }
        let units = Int((max(0, min(share, 1)) * Double(area.width * 8)).rounded())
        // Something is not nothing: any share above zero shows at least a line.
        let displayed = share > 0 ? max(1, units) : 0
        for column in 0..<area.width {
            let here = displayed - column * 8
            if here > 0 {
                cells.set(eighths[min(here, 8) - 1], x: area.x + column, y: area.y, role)
            } else if let rest {
                cells.set("·", x: area.x + column, y: area.y, rest)
            }
        }
    }
}

import CNcurses
import StreamtopView

/// Paints finished buffers: only what changed, in as few runs as possible.
struct NcursesPainter {
    /// How a style looks in curses' terms.
    private struct Ink {
        var pair: Int32
        var attributes: UInt32
    }

    private var pairs: ColorPairTable
    private var inks: [Style: Ink] = [:]
    private var styles: StyleTable
    /// What the terminal shows; nil when that is not known.
    private var displayed: CellBuffer?
    private var run: [st_cell] = []

    init(styles: StyleTable) {
        self.styles = styles
        pairs = ColorPairTable(colorCount: st_color_count(), pairLimit: st_pair_limit())
    }

    /// Other looks: everything is painted anew with the next buffer.
    mutating func adopt(_ styles: StyleTable) {
        self.styles = styles
        displayed = nil
    }

    /// The terminal's contents are not known any more.
    mutating func forget() {
        displayed = nil
        st_screen_clear()
    }

    mutating func paint(_ buffer: CellBuffer) {
        for part in CellDiff(from: displayed, to: buffer).runs {
            run.removeAll(keepingCapacity: true)
            for x in part.x..<(part.x + part.count) { run.append(painted(buffer[x, part.y])) }
            unsafe run.withUnsafeBufferPointer { cells in
                // `run` holds exactly `part.count` cells; the C side copies them and keeps no pointer.
                unsafe st_screen_put(Int32(part.y), Int32(part.x), cells.baseAddress, Int32(cells.count))
            }
        }
        displayed = buffer
        st_screen_flush()
    }

    private mutating func painted(_ cell: Cell) -> st_cell {
        var painted = st_cell()
        guard !cell.isContinuation else { return painted }
        let ink = ink(for: styles.style(of: cell))
        painted.scalars.0 = cell.scalar.value
        if cell.combining != Cell.noMark { painted.scalars.1 = cell.combining.value }
        painted.attributes = ink.attributes
        painted.pair = ink.pair
        return painted
    }

    private mutating func ink(for style: Style) -> Ink {
        if let known = inks[style] { return known }
        let ink = Ink(
            pair: pairs.number(foreground: style.foreground, background: style.background),
            attributes: UInt32(style.attributes.rawValue))
        inks[style] = ink
        return ink
    }
}

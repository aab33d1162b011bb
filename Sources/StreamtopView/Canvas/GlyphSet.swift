/// The characters that a terminal can show. Screens draw with all of them; what a terminal lacks is replaced at the end.
package enum GlyphSet: Sendable {
    case unicode
    /// Fonts of the Linux console: boxes, arrows, half blocks; no braille, no eighths.
    case console
    case ascii

    func apply(to cells: inout CellBuffer) {
        switch self {
        case .unicode: break
        case .console: ConsoleFallback.apply(to: &cells)
        case .ascii: ASCIIFallback.apply(to: &cells)
        }
    }
}

/// Stand-ins for a console font: what code page 437 and the fonts after it have.
enum ConsoleFallback {
    static func apply(to cells: inout CellBuffer) {
        cells.mapCells { cell in
            guard cell.scalar.value > 0x7e else { return cell }
            var plain = cell
            plain.scalar = scalar(for: cell.scalar)
            return plain
        }
    }

    static func scalar(for scalar: Unicode.Scalar) -> Unicode.Scalar {
        if let known = table[scalar] { return known }
        guard (0x2800...0x28ff).contains(scalar.value) else { return scalar }
        // Dots 1, 2, 4, 5 are the upper half of a braille character, 3, 6, 7, 8 the lower.
        let dots = scalar.value & 0xff
        switch (dots & 0x1b != 0, dots & 0xe4 != 0) {
        case (true, true): return "█"
        case (true, false): return "▀"
        case (false, true): return "▄"
        case (false, false): return " "
        }
    }

    private static let table: [Unicode.Scalar: Unicode.Scalar] = [
        "▁": "_", "▂": "_", "▃": "▄", "▅": "▄", "▆": "█", "▇": "█", "▏": "▌", "▎": "▌", "▍": "▌", "▋": "█", "▊": "█",
        "▉": "█", "▕": "▐", "╭": "┌", "╮": "┐", "╰": "└", "╯": "┘", "━": "─", "┃": "│", "┏": "┌", "┓": "┐", "┗": "└",
        "┛": "┘", "┄": "·", "▶": "►", "◀": "◄", "▸": "►", "◆": "♦", "‹": "<", "›": ">",
        "✗": "x", "✓": "√", "…": ".", "–": "-", "—": "-", "●": "•", "◦": "·", "⏸": "=", "⊘": "Ø", "⋮": ":", "‘": "'",
        "’": "'",
        "“": "\"", "”": "\"",
    ]
}

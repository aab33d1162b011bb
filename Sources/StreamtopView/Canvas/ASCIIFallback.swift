/// Stand-ins for terminals that show no more than ASCII. Each keeps the column, and as much of the shape as it can.
enum ASCIIFallback {
    static func apply(to cells: inout CellBuffer) {
        cells.mapCells { cell in
            guard cell.scalar.value > 0x7e || cell.isContinuation || cell.combining != Cell.noMark else { return cell }
            var plain = cell
            plain.combining = Cell.noMark
            plain.scalar = cell.isContinuation ? "?" : scalar(for: cell.scalar)
            return plain
        }
    }

    static func scalar(for scalar: Unicode.Scalar) -> Unicode.Scalar {
        if let known = table[scalar] { return known }
        switch scalar.value {
        case 0x2801...0x28ff:
            // Braille: the more dots, the heavier.
            switch (scalar.value & 0xff).nonzeroBitCount {
            case ...2: return "."
            case ...4: return ":"
            default: return "#"
            }
        case ...0x7e: return scalar
        default: return "?"
        }
    }

    private static let table: [Unicode.Scalar: Unicode.Scalar] = [
        "─": "-", "│": "|", "┤": "+", "┼": "+", "┬": "+", "┴": "+", "├": "+", "╭": "+", "╮": "+", "╰": "+", "╯": "+",
        "┌": "+", "┐": "+", "└": "+", "┘": "+", "━": "=", "▁": "_", "▂": ".", "▃": "-", "▄": "~", "▅": "=", "▆": "+",
        "▇": "*", "█": "#", "▏": "|", "▎": "|", "▍": "|", "▌": "|", "▋": "#", "▊": "#", "▉": "#", "░": ".", "▒": ":",
        "▓": "#", "▕": "|", "→": ">", "←": "<", "↔": "-", "↑": "^", "↓": "v", "▲": "^", "▼": "v", "▶": ">", "◀": "<",
        "▸": ">", "–": "-", "—": "-", "…": ".", "·": ".", "•": "*", "●": "o", "◦": "o", "■": "#", "⏸": "=", "×": "x",
        "✗": "X", "✓": "+", "≥": ">", "≤": "<", "∞": "~", "µ": "u", "\u{2800}": " ", "⋮": ":", "⊘": "z", "┄": "-",
        "√": "+", "┃": "#", "┏": "+", "┓": "+", "┗": "+", "┛": "+", "◆": "*", "‹": "<", "›": ">", "÷": "/", "═": "=",
        "±": "+",
        "‘": "'", "’": "'", "“": "\"", "”": "\"",
    ]
}

import CNcurses
import StreamtopView

/// Colours to curses pairs: a pair is defined when a style first needs it, and kept.
///
/// The user's palette is never redefined. When the terminal can hold no more pairs, further styles are painted in the
/// terminal's own colours; words and attributes still carry the meaning.
struct ColorPairTable {
    private struct Pair: Hashable {
        var foreground: Int32
        var background: Int32
    }

    private var numbers: [Pair: Int32] = [:]
    private let colorCount: Int32
    private let pairLimit: Int32
    private let define: (Int32, Int32, Int32) -> Bool

    /// - Parameters:
    ///   - define: tells curses what a pair number means; false when it refuses.
    init(
        colorCount: Int32, pairLimit: Int32,
        define: @escaping (Int32, Int32, Int32) -> Bool = { st_pair_define($0, $1, $2) }
    ) {
        self.colorCount = colorCount
        self.pairLimit = pairLimit
        self.define = define
    }

    /// The pair for these colours; 0, the terminal's own, when it has none to give.
    mutating func number(foreground: Color, background: Color) -> Int32 {
        let pair = Pair(foreground: index(of: foreground), background: index(of: background))
        if pair == Pair(foreground: -1, background: -1) { return 0 }
        if let known = numbers[pair] { return known }
        let next = Int32(numbers.count) + 1
        guard next < pairLimit else { return 0 }
        let number = define(next, pair.foreground, pair.background) ? next : 0
        numbers[pair] = number
        return number
    }

    private func index(of color: Color) -> Int32 {
        switch color {
        case .default: return -1
        case .indexed(let index):
            // An 8-colour terminal shows the bright eight as their plain ones.
            let index = Int32(index)
            if index < colorCount { return index }
            return index < 16 && colorCount >= 8 ? index - 8 : -1
        case .rgb(let red, let green, let blue):
            guard colorCount > 256 else { return -1 }
            let value = Int32(red) << 16 | Int32(green) << 8 | Int32(blue)
            // Direct-colour descriptions take 0 to 7 for the palette: the darkest blues become the next colour that is
            // a colour, and black stays black.
            return value > 0 && value < 8 ? 8 : value
        }
    }
}

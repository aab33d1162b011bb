/// Brings colours down to what a terminal has.
extension Color {
    /// The nearest colour of the given depth; `.default` at `.mono`.
    func reduced(to depth: ColorDepth) -> Color {
        switch (self, depth) {
        case (_, .mono): .default
        case (.default, _), (_, .trueColor): self
        case (.rgb(let red, let green, let blue), .palette256):
            .indexed(XtermPalette.nearest256(RGB(red: red, green: green, blue: blue)))
        case (.rgb(let red, let green, let blue), .palette16):
            .indexed(XtermPalette.nearest16(RGB(red: red, green: green, blue: blue)))
        case (.indexed, .palette256): self
        case (.rgb(let red, let green, let blue), .palette8):
            .indexed(XtermPalette.nearest8(RGB(red: red, green: green, blue: blue)))
        case (.indexed(let index), .palette16):
            index < 16 ? self : .indexed(XtermPalette.nearest16(XtermPalette.value(of: index)))
        case (.indexed(let index), .palette8):
            index < 8 ? self : .indexed(XtermPalette.nearest8(XtermPalette.value(of: index)))
        }
    }
}

struct RGB: Equatable, Sendable {
    var red: UInt8
    var green: UInt8
    var blue: UInt8

    /// Squared distance weighted by how the eye sees the three ("redmean"); at most about 600,000.
    func distance(to other: RGB) -> Int {
        let mean = (Int(red) + Int(other.red)) / 2
        let dr = Int(red) - Int(other.red)
        let dg = Int(green) - Int(other.green)
        let db = Int(blue) - Int(other.blue)
        return (512 + mean) * dr * dr / 256 + 4 * dg * dg + (767 - mean) * db * db / 256
    }

    /// The spread of the channels: 0 is grey.
    var chroma: Int { Int(max(red, green, blue)) - Int(min(red, green, blue)) }
}

/// The palette that xterm and its followers agree on.
enum XtermPalette {
    /// Colours 0 to 15 as most terminals show them; users do change them, so they are only a guide for nearness.
    static let basic: [RGB] = [
        RGB(red: 0, green: 0, blue: 0), RGB(red: 205, green: 49, blue: 49), RGB(red: 13, green: 188, blue: 121),
        RGB(red: 200, green: 170, blue: 20), RGB(red: 36, green: 114, blue: 200), RGB(red: 188, green: 63, blue: 188),
        RGB(red: 17, green: 168, blue: 205), RGB(red: 205, green: 205, blue: 205), RGB(red: 102, green: 102, blue: 102),
        RGB(red: 241, green: 76, blue: 76), RGB(red: 35, green: 209, blue: 139), RGB(red: 245, green: 245, blue: 67),
        RGB(red: 59, green: 142, blue: 234), RGB(red: 214, green: 112, blue: 214), RGB(red: 41, green: 184, blue: 219),
        RGB(red: 255, green: 255, blue: 255),
    ]
    private static let steps: [UInt8] = [0, 95, 135, 175, 215, 255]

    static func value(of index: UInt8) -> RGB {
        let number = Int(index)
        if number < 16 { return basic[number] }
        if number < 232 {
            let cube = number - 16
            return RGB(red: steps[cube / 36], green: steps[cube / 6 % 6], blue: steps[cube % 6])
        }
        // 232 is 8 and 255 is 238: within UInt8.
        let grey = UInt8(8 + (number - 232) * 10)
        return RGB(red: grey, green: grey, blue: grey)
    }

    /// Nearest of the fixed colours 16 to 255.
    static func nearest256(_ color: RGB) -> UInt8 {
        nearest(color, among: 16...255) { $0.distance(to: color) }
    }

    /// Nearest of the first sixteen. Greys go to greys and hues to hues: a tint must not vanish, nor a grey turn blue.
    static func nearest16(_ color: RGB) -> UInt8 { nearestBasic(color, among: 0...15) }

    /// The same among the first eight.
    static func nearest8(_ color: RGB) -> UInt8 { nearestBasic(color, among: 0...7) }

    private static func nearestBasic(_ color: RGB, among range: ClosedRange<UInt8>) -> UInt8 {
        let isHue = color.chroma > 40 && max(color.red, color.green, color.blue) > 70
        return nearest(color, among: range) { candidate in
            candidate.distance(to: color) + ((candidate.chroma > 40) == isHue ? 0 : 1_000_000)
        }
    }

    private static func nearest(_ color: RGB, among range: ClosedRange<UInt8>, cost: (RGB) -> Int) -> UInt8 {
        range.min { cost(value(of: $0)) < cost(value(of: $1)) } ?? 0
    }
}

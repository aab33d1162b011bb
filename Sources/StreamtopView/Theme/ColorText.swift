/// Colours as they are written in theme files.
enum ColorText {
    /// The names of the terminal's own sixteen, in their order.
    static let names = [
        "black", "red", "green", "yellow", "blue", "magenta", "cyan", "white", "bright-black", "bright-red",
        "bright-green", "bright-yellow", "bright-blue", "bright-magenta", "bright-cyan", "bright-white",
    ]

    /// `#rgb`, `#rrggbb`, `default`, one of `names`, or a number of the 256-colour palette. nil for anything else.
    static func color(_ text: String) -> Color? {
        if text == "default" { return .default }
        if text.utf8.first == UInt8(ascii: "#") { return hexColor(text.dropFirst()) }
        if let index = names.firstIndex(of: text) { return .indexed(UInt8(index)) }
        return UInt8(text).map { .indexed($0) }
    }

    private static func hexColor(_ digits: Substring) -> Color? {
        // `UInt32(_:radix:)` accepts a sign.
        guard digits.utf8.allSatisfy({ $0 != UInt8(ascii: "+") && $0 != UInt8(ascii: "-") }),
            let value = UInt32(digits, radix: 16)
        else { return nil }
        switch digits.utf8.count {
        case 3:
            return .rgb(
                red: UInt8(value >> 8 & 15) * 17, green: UInt8(value >> 4 & 15) * 17, blue: UInt8(value & 15) * 17)
        case 6:
            return .rgb(red: UInt8(value >> 16 & 255), green: UInt8(value >> 8 & 255), blue: UInt8(value & 255))
        default:
            return nil
        }
    }
}

/// What is said about theme files.
extension Words {
    static let themeKey = "key"
    static let themeRole = "role"
    static let themeGround = "ground"
    static let themeStylePart = "style part"
    static let themeUnreadable = "not readable as TOML"
    static let themeNotStyle = "not a style: give a colour, or a table such as { fg = \"red\", bold = true }"

    static func themeError(theme: String, line: Int?, message: String) -> String {
        line.map { "theme \(theme), line \($0): \(message)" } ?? "theme \(theme): \(message)"
    }

    static func themeUnknown(_ kind: String, _ name: String, _ nearest: String?) -> String {
        "unknown \(kind) \"\(name)\"" + didYouMean(nearest)
    }

    static func didYouMean(_ nearest: String?) -> String { nearest.map { "; did you mean \"\($0)\"?" } ?? "" }

    static func themeBadColor(_ text: String, nearest: String? = nil) -> String {
        "\"\(text)\" is no colour: use #rrggbb, a name of [palette], default, red … bright-white, or 0 … 255"
            + didYouMean(nearest)
    }

    static func themeInheritsItself(_ name: String) -> String { "\"\(name)\" inherits itself" }
    static func themeInheritsTooDeep(_ limit: Int) -> String { "more than \(limit) themes inherit each other" }
    static func themeUnknownParent(_ name: String) -> String { "inherits \"\(name)\", and no theme has that name" }
    static func themeNotText(_ key: String) -> String { "\(key) must be a text" }
    static func themeNotSection(_ key: String) -> String { "\(key) must be a section: [\(key)]" }
    static func themeNotBoolean(_ key: String) -> String { "\(key) must be true or false" }
}

import StreamtopBase
import TOMLKit

/// Reads theme files (TOML).
///
/// A file may hold `summary` and `inherits`, a `[palette]` of named colours, `[roles]` and `[grounds]`. A role's value
/// is a colour, or a table with `fg`, `bg` and the attributes `bold`, `dim`, `italic`, `underline`, `reverse`. What a
/// file leaves out comes from the theme it inherits. Anything else in it is an error: a misspelt role that is silently
/// ignored looks like a defect of the program.
package enum ThemeParser {
    /// Themes inherit through at most this many files.
    static let deepestInheritance = 8

    /// - Parameters:
    ///   - text: the file's contents.
    ///   - name: the theme's name, for messages.
    ///   - parentText: gives the contents of the theme that `inherits` names; nil when there is none of that name.
    package static func parse(
        _ text: String, name: String, parentText: (String) -> String? = { _ in nil }
    ) throws(ThemeError) -> Theme {
        try parse(text, name: name, ancestors: [], parentText)
    }

    private static func parse(
        _ text: String, name: String, ancestors: [String], _ parentText: (String) -> String?
    ) throws(ThemeError) -> Theme {
        var reader = try ThemeFileReader(text, name: name)
        var theme = Theme(name: name, summary: "")
        if let parent = try reader.string("inherits") {
            let line = reader.line(of: "inherits", in: nil)
            let family = ancestors + [name]
            if family.contains(parent) {
                throw ThemeError(theme: name, line: line, message: Words.themeInheritsItself(parent))
            }
            guard family.count < deepestInheritance else {
                throw ThemeError(theme: name, line: line, message: Words.themeInheritsTooDeep(deepestInheritance))
            }
            guard let inherited = parentText(parent) ?? (parent == BuiltinTheme.name ? BuiltinTheme.text : nil) else {
                throw ThemeError(theme: name, line: line, message: Words.themeUnknownParent(parent))
            }
            theme = try parse(inherited, name: parent, ancestors: family, parentText)
            theme.name = name
            theme.summary = ""
        }
        theme.summary = try reader.string("summary") ?? ""
        try reader.read(into: &theme)
        return theme
    }
}

/// One theme file being read.
private struct ThemeFileReader {
    let name: String
    private let lines: [Substring]
    private let table: TOMLTable
    private var palette: [String: Color] = [:]

    private static let topKeys = ["summary", "inherits", "palette", "roles", "grounds"]
    private static let attributeNames: [(String, Attributes)] = [
        ("bold", .bold), ("dim", .dim), ("italic", .italic), ("underline", .underline), ("reverse", .reverse),
    ]

    init(_ text: String, name: String) throws(ThemeError) {
        self.name = name
        lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        do {
            table = try TOMLTable(string: text)
        } catch let error as TOMLParseError {
            throw ThemeError(theme: name, line: error.source.begin.line, message: error.description)
        } catch {
            throw ThemeError(theme: name, line: nil, message: Words.themeUnreadable)
        }
        for key in table.keys where !Self.topKeys.contains(key) {
            throw unknown(key, in: nil, Words.themeKey, among: Self.topKeys)
        }
    }

    func string(_ key: String) throws(ThemeError) -> String? {
        guard let value = table[key] else { return nil }
        guard let text = value.string else { throw fault(key, nil, Words.themeNotText(key)) }
        return text
    }

    mutating func read(into theme: inout Theme) throws(ThemeError) {
        for (key, value) in try section("palette") {
            guard let text = value.string, let color = ColorText.color(text) else {
                throw fault(key, "palette", Words.themeBadColor(value.string ?? ""))
            }
            palette[key] = color
        }
        for (key, value) in try section("roles") {
            guard let role = StyleRole.allCases.first(where: { $0.name == key }) else {
                throw unknown(key, in: "roles", Words.themeRole, among: StyleRole.allCases.map(\.name))
            }
            theme.roles[role] = try style(value, key, "roles")
        }
        for (key, value) in try section("grounds") {
            guard let ground = Ground.allCases.first(where: { $0.name == key }) else {
                throw unknown(key, in: "grounds", Words.themeGround, among: Ground.allCases.map(\.name))
            }
            theme.grounds[ground] = try style(value, key, "grounds")
        }
    }

    /// Keys and values of a section in the order of its keys.
    private func section(_ name: String) throws(ThemeError) -> [(String, any TOMLValueConvertible)] {
        guard let value = table[name] else { return [] }
        guard let section = value.table else { throw fault(name, nil, Words.themeNotSection(name)) }
        return section.keys.sorted().compactMap { key in section[key].map { (key, $0) } }
    }

    private func style(
        _ value: any TOMLValueConvertible, _ key: String, _ section: String
    ) throws(ThemeError) -> Style {
        if let text = value.string { return Style(foreground: try color(text, key, section)) }
        guard let table = value.table else { throw fault(key, section, Words.themeNotStyle) }
        var style = Style()
        for part in table.keys.sorted() {
            let content = table[part]
            if part == "fg" || part == "bg" {
                let color = try color(content?.string ?? "", key, section)
                if part == "fg" { style.foreground = color } else { style.background = color }
            } else if let attribute = Self.attributeNames.first(where: { $0.0 == part })?.1 {
                guard let isOn = content?.bool else { throw fault(key, section, Words.themeNotBoolean(part)) }
                if isOn { style.attributes.insert(attribute) }
            } else {
                let known = ["fg", "bg"] + Self.attributeNames.map(\.0)
                throw fault(
                    key, section, Words.themeUnknown(Words.themeStylePart, part, NearestName.of(part, among: known)))
            }
        }
        return style
    }

    private func color(_ text: String, _ key: String, _ section: String) throws(ThemeError) -> Color {
        if let color = palette[text] ?? ColorText.color(text) { return color }
        let near = NearestName.of(text, among: palette.keys.sorted() + ColorText.names + ["default"])
        throw fault(key, section, Words.themeBadColor(text, nearest: text.utf8.first == UInt8(ascii: "#") ? nil : near))
    }

    private func unknown(_ key: String, in section: String?, _ kind: String, among known: [String]) -> ThemeError {
        fault(key, section, Words.themeUnknown(kind, key, NearestName.of(key, among: known)))
    }

    private func fault(_ key: String, _ section: String?, _ message: String) -> ThemeError {
        ThemeError(theme: name, line: line(of: key, in: section), message: message)
    }

    /// The line on which a key is set, or its section begins. The TOML library keeps no places of values, so this looks
    /// for the key at the start of a line below its section's header.
    func line(of key: String, in section: String?) -> Int? {
        var current: Substring?
        for (index, line) in lines.enumerated() {
            let text = trimmed(line)
            if text.first == "[" {
                let header = trimmed(text.dropFirst().prefix { $0 != "]" })
                if section == nil, header == key { return index + 1 }
                current = header
                continue
            }
            guard current.map(String.init) == section else { continue }
            let name = trimmed(text.prefix { $0 != "=" && $0 != "." })
            if name == key || name == "\"\(key)\"" || name == "'\(key)'" { return index + 1 }
        }
        return nil
    }

    private func trimmed(_ text: Substring) -> Substring {
        let start = text.drop { $0 == " " || $0 == "\t" || $0 == "\r" || $0 == "\r\n" }
        guard let last = start.lastIndex(where: { $0 != " " && $0 != "\t" && $0 != "\r" && $0 != "\r\n" }) else {
            return ""
        }
        return start[...last]
    }
}

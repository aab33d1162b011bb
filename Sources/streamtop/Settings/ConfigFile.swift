import StreamtopBase
import StreamtopCapture
import StreamtopView
import TOMLKit

/// The configuration file: defaults for the command line. Every key is optional; an unknown one is an error, so that a
/// slip of the pen is noticed.
struct ConfigFile: Equatable, Sendable {
    var theme: String?
    var color: Bool?
    var mouse: Bool?
    var ascii: Bool?
    var interfaces: [String]?
    var bufferMebibytes: Int?
    var snapLength: Int?
    var memoryMebibytes: Int?
    var promiscuous: Bool?
    var interval: DurationArgument?
    var speed: SpeedArgument?
    var loop: Bool?
    var view = ViewSettings()

    init() {}

    /// Keys in the order they are printed.
    static let keys = [
        "theme", "color", "mouse", "ascii", "interfaces", "buffer_mib", "snaplen_bytes", "memory_mib", "promiscuous",
        "interval", "speed", "loop", "columns", "sort", "sort_ascending", "filter", "span",
    ]

    /// Where the file is looked for when none is named; nil without a home.
    static func defaultPath(environment: [String: String]) -> String? {
        if let folder = environment["XDG_CONFIG_HOME"], folder.hasPrefix("/") {
            return folder + "/streamtop/config.toml"
        }
        guard let home = environment["HOME"], !home.isEmpty else { return nil }
        return home + "/.config/streamtop/config.toml"
    }

    /// Reads the file; `isRequired` when the user named it.
    static func read(path: String, isRequired: Bool) throws(ProgramFailure) -> ConfigFile {
        guard let data = FileText.read(path) else {
            if !isRequired && !FileText.exists(path) { return ConfigFile() }
            throw ProgramFailure(.configuration, "\(path): cannot be read")
        }
        return try ConfigFile(text: String(decoding: data, as: UTF8.self), path: path)
    }

    /// - Parameters:
    ///   - path: for messages.
    init(text: String, path: String) throws(ProgramFailure) {
        let table: TOMLTable
        do {
            table = try TOMLTable(string: text)
        } catch let error as TOMLParseError {
            throw ProgramFailure(.configuration, "\(path):\(error.source.begin.line): \(error.description)")
        } catch {
            throw ProgramFailure(.configuration, "\(path): \(error)")
        }
        for key in table.keys.sorted() {
            guard ConfigFile.keys.contains(key) else {
                throw ProgramFailure(.configuration, ConfigFile.unknown(key, text: text, path: path))
            }
            let isGood = table[key].map { adopt(key, $0) } ?? false
            guard isGood else {
                throw ProgramFailure(
                    .configuration,
                    "\(path):\(ConfigFile.line(of: key, in: text)): \(key) must be \(ConfigFile.expectation(of: key))")
            }
        }
    }

    private mutating func adopt(_ key: String, _ value: any TOMLValueConvertible) -> Bool {
        switch key {
        case "theme": return set(\.theme, value.string)
        case "color": return set(\.color, value.bool)
        case "mouse": return set(\.mouse, value.bool)
        case "ascii": return set(\.ascii, value.bool)
        case "promiscuous": return set(\.promiscuous, value.bool)
        case "loop": return set(\.loop, value.bool)
        case "buffer_mib":
            return set(\.bufferMebibytes, value.int.flatMap { LiveOptions.bufferMiBRange.contains($0) ? $0 : nil })
        case "snaplen_bytes": return set(\.snapLength, value.int.flatMap { (64...262_144).contains($0) ? $0 : nil })
        case "memory_mib":
            return set(\.memoryMebibytes, value.int.flatMap { Settings.memoryRange.contains($0) ? $0 : nil })
        case "interval": return set(\.interval, value.string.flatMap { DurationArgument(argument: $0) })
        case "speed":
            let text = value.string ?? value.double.map { "\($0)" } ?? value.int.map { "\($0)" }
            return set(\.speed, text.flatMap { SpeedArgument(argument: $0) })
        case "interfaces": return set(\.interfaces, ConfigFile.names(value))
        case "columns":
            return set(
                \.view.columns,
                ConfigFile.names(value).flatMap { names in
                    !names.isEmpty && names.allSatisfy { ViewSettings.columnNames.contains($0) } ? names : nil
                })
        case "sort":
            return set(\.view.sort, value.string.flatMap { ViewSettings.sortNames.contains($0) ? $0 : nil })
        case "sort_ascending": return set(\.view.isAscending, value.bool)
        case "filter": return set(\.view.filter, value.string.flatMap { ViewSettings.isFilter($0) ? $0 : nil })
        case "span":
            return set(\.view.span, value.string.flatMap { ViewSettings.spanNames.contains($0) ? $0 : nil })
        default: return false
        }
    }

    /// A list of strings; nil for anything else.
    private static func names(_ value: any TOMLValueConvertible) -> [String]? {
        guard let array = value.array else { return nil }
        let names = array.compactMap { $0.string }
        return names.count == array.count ? names : nil
    }

    private mutating func set<Value>(_ position: WritableKeyPath<ConfigFile, Value?>, _ value: Value?) -> Bool {
        self[keyPath: position] = value
        return value != nil
    }

    private static func expectation(of key: String) -> String {
        switch key {
        case "theme": "the name of a theme (streamtop --list-themes)"
        case "interfaces": "a list of names, like [\"eth0\"]"
        case "buffer_mib": "a number of MiB from 1 to \(LiveOptions.bufferMiBRange.upperBound)"
        case "snaplen_bytes": "a number of bytes from 64 to 262144"
        case "memory_mib": "a number of MiB from 16 to 65536"
        case "interval": "a time, like \"100ms\""
        case "speed": "a number from 0.1 to 100, or \"max\""
        case "columns": "a list of " + ViewSettings.columnNames.joined(separator: ", ")
        case "sort": "one of " + ViewSettings.sortNames.joined(separator: ", ")
        case "filter": "a filter, as it is typed after /"
        case "span": "one of " + ViewSettings.spanNames.joined(separator: ", ")
        default: "true or false"
        }
    }

    private static func unknown(_ key: String, text: String, path: String) -> String {
        let hint = NearestName.of(key, among: keys).map { "; did you mean \($0)?" } ?? "."
        return "\(path):\(line(of: key, in: text)): unknown key \(key)\(hint) Keys are: "
            + keys.joined(separator: ", ")
    }

    /// The line a key stands on, from 1. The parser does not tell.
    private static func line(of key: String, in text: String) -> Int {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        let index = lines.firstIndex { line in
            let trimmed = line.drop { $0 == " " || $0 == "\t" || $0 == "[" || $0 == "\"" }
            guard trimmed.hasPrefix(key) else { return false }
            return trimmed.dropFirst(key.count).first.map { " \t=.]\"".contains($0) } ?? false
        }
        return (index ?? 0) + 1
    }

    /// Sets the theme in the file's text and leaves everything else as the user wrote it.
    static func settingTheme(_ name: String, in text: String) -> String {
        setting("theme", to: "\"\(name)\"", in: text)
    }

    /// The same for columns, order, filter and span; what is as usual is taken out.
    static func settingView(_ view: ViewSettings, in text: String) -> String {
        func quoted(_ text: String) -> String {
            "\"" + text.map { $0 == "\"" || $0 == "\\" ? "\\\($0)" : String($0) }.joined() + "\""
        }
        let columns = view.columns.map { "[" + $0.map(quoted).joined(separator: ", ") + "]" }
        let filter = view.filter.flatMap { $0.isEmpty ? nil : quoted($0) }
        var text = setting("columns", to: columns, in: text)
        text = setting("sort", to: view.sort.map(quoted), in: text)
        text = setting("sort_ascending", to: view.isAscending.map { "\($0)" }, in: text)
        text = setting("filter", to: filter, in: text)
        return setting("span", to: view.span.map(quoted), in: text)
    }

    /// Sets one key of the file's text, or takes it out. A value that goes on over several lines is ours to write in one.
    private static func setting(_ key: String, to value: String?, in text: String) -> String {
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        let position = lines.firstIndex { line in
            let trimmed = line.drop { $0 == " " || $0 == "\t" }
            return trimmed.hasPrefix(key) && trimmed.dropFirst(key.count).drop { $0 == " " }.first == "="
        }
        switch (position, value) {
        case (let position?, let value?): lines[position] = "\(key) = \(value)"
        case (let position?, nil): lines.remove(at: position)
        case (nil, let value?): lines.insert("\(key) = \(value)", at: 0)
        case (nil, nil): break
        }
        let joined = lines.joined(separator: "\n")
        return joined.hasSuffix("\n") ? joined : joined + "\n"
    }
}

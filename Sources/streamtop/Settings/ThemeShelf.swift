import StreamtopView

/// The themes there are: the files found and the one compiled in.
struct ThemeShelf {
    private let files: [String: String]

    init(configPath: String?) {
        files = SharedFiles.themeFiles(configPath: configPath)
    }

    /// The named theme; nil is the default.
    func theme(named name: String?) throws(ProgramFailure) -> Theme {
        let name = name ?? BuiltinTheme.name
        guard let text = text(of: name) else {
            throw ProgramFailure(
                .configuration, "no theme \(name); themes are: \(names.joined(separator: ", "))")
        }
        do {
            return try ThemeParser.parse(text, name: name, parentText: { self.text(of: $0) })
        } catch {
            throw ProgramFailure(.configuration, "\(files[name].map { "\($0): " } ?? "")\(error)")
        }
    }

    /// Name and one sentence of each, the default first. Files in error are left out: they are named when asked for.
    var listings: [ThemeListing] {
        names.compactMap { name in
            guard let theme = try? theme(named: name) else { return nil }
            return ThemeListing(name: theme.name, summary: theme.summary)
        }
    }

    private var names: [String] {
        let others = files.keys.filter { $0 != BuiltinTheme.name }.sorted()
        return [BuiltinTheme.name] + others
    }

    private func text(of name: String) -> String? {
        if let file = files[name], let data = FileText.read(file) {
            return String(decoding: data, as: UTF8.self)
        }
        return name == BuiltinTheme.name ? BuiltinTheme.text : nil
    }
}

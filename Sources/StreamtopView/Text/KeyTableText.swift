/// The keys as plain text, by where they mean something: what `--print-keys` prints.
package enum KeyTableText {
    package static var text: String {
        let width = KeyBindings.all.map { TextWidth.columns(of: $0.displayed) }.max() ?? 0
        let sections = KeyBinding.Scope.allCases.compactMap { scope -> String? in
            let lines = KeyBindings.entries(of: scope).map { entry in
                let gap = String(repeating: " ", count: width - TextWidth.columns(of: entry.displayed) + 2)
                return "  \(entry.displayed)\(gap)\(entry.help ?? "")\n"
            }
            return lines.isEmpty ? nil : "\(Words.helpScope(scope))\n" + lines.joined()
        }
        return sections.joined(separator: "\n")
    }
}

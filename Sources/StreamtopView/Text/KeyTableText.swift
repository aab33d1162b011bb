/// The keys as plain text, by where they mean something: what `--print-keys` prints.
package enum KeyTableText {
    package static var text: String {
        let width = KeyBindings.all.map { TextWidth.columns(of: $0.shown) }.max() ?? 0
        let sections = KeyBinding.Place.allCases.compactMap { place -> String? in
            let lines = KeyBindings.entries(of: place).map { entry in
                let gap = String(repeating: " ", count: width - TextWidth.columns(of: entry.shown) + 2)
                return "  \(entry.shown)\(gap)\(entry.help ?? "")\n"
            }
            return lines.isEmpty ? nil : "\(Words.helpPlace(place))\n" + lines.joined()
        }
        return sections.joined(separator: "\n")
    }
}

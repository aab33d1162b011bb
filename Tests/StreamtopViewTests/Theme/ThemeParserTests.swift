import Foundation
import Testing

@testable import StreamtopView

@Suite struct ThemeParserTests {
    /// File name, line and a part of the message that each invalid file must give.
    static let faults: [(file: String, line: Int?, words: String)] = [
        ("bad-colour-name", 2, "did you mean \"green\""),
        ("bad-hex", 2, "\"#12345\" is no colour"),
        ("bold-not-boolean", 2, "bold must be true or false"),
        ("duplicate-key", 3, "text"),
        ("inherits-itself", 1, "inherits itself"),
        ("inherits-number", 1, "inherits must be a text"),
        ("not-toml", 2, "string"),
        ("section-is-text", 1, "[roles]"),
        ("style-is-number", 2, "not a style"),
        ("unknown-ground", 3, "did you mean \"popup\""),
        ("unknown-parent", 2, "no theme has that name"),
        ("unknown-role", 4, "did you mean \"text\""),
        ("unknown-section", 1, "did you mean \"grounds\""),
        ("unknown-style-part", 2, "did you mean \"bold\""),
    ]

    @Test(arguments: try TestFiles.themes(in: TestFiles.folder.appending(path: "Themes/valid")))
    func validFilesParse(name: String, text: String) throws {
        _ = try ThemeParser.parse(text, name: name)
    }

    @Test func everyInvalidFileHasItsFault() throws {
        let files = try TestFiles.themes(in: TestFiles.folder.appending(path: "Themes/invalid"))
        #expect(files.map(\.name) == Self.faults.map(\.file))
        for (file, fault) in zip(files, Self.faults) {
            let error = #expect(throws: ThemeError.self, "\(file.name)") {
                try ThemeParser.parse(file.text, name: file.name) { $0 == file.name ? file.text : nil }
            }
            #expect(error?.line == fault.line, "\(file.name): \(error?.description ?? "")")
            #expect(error?.message.contains(fault.words) == true, "\(file.name): \(error?.description ?? "")")
        }
    }

    @Test func coloursAndAttributesAreRead() throws {
        let text = try String(
            contentsOf: TestFiles.folder.appending(path: "Themes/valid/own-colours.toml"), encoding: .utf8)
        let theme = try ThemeParser.parse(text, name: "own")
        #expect(theme.roles[.text]?.foreground == .rgb(red: 0, green: 0xaa, blue: 0xff))
        #expect(theme.roles[.muted]?.foreground == .rgb(red: 0x10, green: 0x20, blue: 0x30))
        #expect(theme.roles[.label]?.foreground == .indexed(8))
        #expect(theme.roles[.value] == Style(foreground: .indexed(201), attributes: .bold))
        #expect(theme.roles[.tabActive]?.attributes == .reverse)
        #expect(theme.grounds[.screen]?.background == .indexed(0))
        #expect(theme.summary == "Every way to write a colour")
    }

    @Test func inheritanceKeepsWhatIsNotSaid() throws {
        let theme = try ThemeParser.parse("inherits = \"streamtop-dark\"\n[roles]\ntext = \"red\"\n", name: "mine")
        #expect(theme.roles[.text]?.foreground == .indexed(1))
        #expect(theme.roles[.act] == BuiltinTheme.theme.roles[.act])
        #expect(theme.name == "mine")
    }

    @Test func inheritanceHasADepth() {
        let error = #expect(throws: ThemeError.self) {
            try ThemeParser.parse("inherits = \"t1\"", name: "t0") { "inherits = \"t\(Int($0.dropFirst())! + 1)\"" }
        }
        #expect(error?.message.contains("inherit each other") == true)
    }

    @Test func shippedThemesParseAndSayWhatTheyAre() throws {
        let files = try TestFiles.themes(in: TestFiles.package.appending(path: "Themes"))
        #expect(files.count >= 6)
        for file in files {
            let theme = try ThemeParser.parse(file.text, name: file.name) { parent in
                files.first { $0.name == parent }?.text
            }
            #expect(!theme.summary.isEmpty, "\(file.name)")
        }
    }

    @Test func compiledInThemeIsTheFile() throws {
        let file = try String(
            contentsOf: TestFiles.package.appending(path: "Themes/streamtop-dark.toml"), encoding: .utf8)
        #expect(file == BuiltinTheme.text)
        #expect(BuiltinTheme.theme.roles.count == StyleRole.allCases.count)
        #expect(BuiltinTheme.theme.grounds.count == Ground.allCases.count)
    }
}

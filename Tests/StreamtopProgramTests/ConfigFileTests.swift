import StreamtopView
import Testing

@testable import streamtop

@Suite struct ConfigFileTests {
    private func read(_ text: String) throws -> ConfigFile {
        try ConfigFile(text: text, path: "c.toml")
    }

    /// The message of what is wrong with `text`.
    private func complaint(_ text: String) -> String {
        do throws(ProgramFailure) {
            _ = try ConfigFile(text: text, path: "c.toml")
            return ""
        } catch {
            return error.status == .configuration ? error.message : "other status"
        }
    }

    @Test func everyKeyIsTaken() throws {
        let config = try read(
            """
            theme = "nord"
            color = false
            mouse = true
            ascii = true
            interfaces = ["eth0", "lo"]
            buffer_mib = 128
            memory_mib = 512
            snaplen_bytes = 256
            promiscuous = false
            interval = "250ms"
            speed = "max"
            loop = true
            """)
        #expect(config.theme == "nord")
        #expect(config.color == false)
        #expect(config.mouse == true)
        #expect(config.ascii == true)
        #expect(config.interfaces == ["eth0", "lo"])
        #expect(config.bufferMebibytes == 128)
        #expect(config.snapLength == 256)
        #expect(config.promiscuous == false)
        #expect(config.interval?.nanoseconds == 250_000_000)
        #expect(config.speed?.factor == .infinity)
        #expect(config.loop == true)
        #expect(try read("") == ConfigFile())
        for speed in ["2", "0.5", "\"2x\""] { #expect(try read("speed = \(speed)").speed != nil) }
    }

    /// The line is named and what is wanted; every key has such words.
    @Test(arguments: ConfigFile.keys)
    func wrongValuesAreToldWithTheirLine(_ key: String) {
        let message = complaint("# first\n\n\(key) = { a = 1 }\n")
        #expect(message.hasPrefix("c.toml:3: \(key) must be "))
    }

    @Test(arguments: [
        "buffer_mib = 0", "buffer_mib = 5000", "snaplen_bytes = 63", "snaplen_bytes = 262145", "memory_mib = 15",
        "memory_mib = 65537", "interval = \"soon\"",
        "interval = 5", "speed = 0.05", "speed = 101", "speed = \"fast\"", "interfaces = \"lo\"", "interfaces = [1]",
        "loop = 1", "theme = true",
    ])
    func valuesOutOfRangeAreErrors(_ line: String) {
        #expect(complaint("mouse = true\n" + line).hasPrefix("c.toml:2: "))
    }

    @Test func unknownKeyNamesTheNearest() {
        #expect(
            complaint("\ntheem = \"nord\"").hasPrefix("c.toml:2: unknown key theem; did you mean theme? Keys are: "))
        #expect(complaint("bufer_mib = 3").contains("did you mean buffer_mib?"))
        let far = complaint("something_else_entirely = 3")
        #expect(far.hasPrefix("c.toml:1: unknown key something_else_entirely. Keys are: theme, "))
        #expect(complaint("[theme]\nname = \"nord\"").hasPrefix("c.toml:1: theme must be "))
    }

    @Test func brokenTextNamesItsLine() {
        #expect(complaint("mouse = true\nloop = \n").hasPrefix("c.toml:2: "))
        #expect(complaint("mouse = true\nmouse = false\n").hasPrefix("c.toml:2: "))
    }

    @Test func themeIsSetAndTheRestKept() {
        #expect(ConfigFile.settingTheme("nord", in: "") == "theme = \"nord\"\n")
        let text = "# mine\nmouse = true\n  theme=\"old\" # why\ntheme_like = 1\n"
        #expect(
            ConfigFile.settingTheme("nord", in: text)
                == "# mine\nmouse = true\ntheme = \"nord\"\ntheme_like = 1\n")
        #expect(ConfigFile.settingTheme("nord", in: "mouse = true") == "theme = \"nord\"\nmouse = true\n")
    }

    @Test func isLookedForWhereTheUserKeepsSuchFiles() {
        #expect(ConfigFile.defaultPath(environment: [:]) == nil)
        #expect(ConfigFile.defaultPath(environment: ["HOME": ""]) == nil)
        #expect(ConfigFile.defaultPath(environment: ["HOME": "/h"]) == "/h/.config/streamtop/config.toml")
        #expect(
            ConfigFile.defaultPath(environment: ["HOME": "/h", "XDG_CONFIG_HOME": "/x"]) == "/x/streamtop/config.toml")
        // A relative one is to be ignored (XDG Base Directory Specification).
        #expect(
            ConfigFile.defaultPath(environment: ["HOME": "/h", "XDG_CONFIG_HOME": "x"])
                == "/h/.config/streamtop/config.toml")
    }

    @Test func theViewIsKeptAndReadAgain() throws {
        var view = ViewSettings()
        view.columns = ["client", "rtt", "verdict"]
        view.sort = "queue"
        view.isAscending = false
        view.filter = "host:cdn rtt>5"
        view.span = "5m"
        let before = "# mine\ntheme = \"nord\"\nsort = \"age\"\n"
        let text = ConfigFile.settingView(view, in: before)
        let read = try ConfigFile(text: text, path: "config.toml")
        #expect(read.view == view)
        #expect(read.theme == "nord")
        #expect(text.contains("# mine"))
        // As usual again: the keys go.
        view.columns = nil
        view.filter = ""
        let after = ConfigFile.settingView(view, in: text)
        #expect(!after.contains("columns") && !after.contains("filter"))
    }

    @Test(arguments: [
        "columns = [\"colour\"]", "columns = []", "sort = \"trend\"", "filter = \"rtq>5\"", "span = \"2y\"",
    ])
    func viewsThatCannotBeAreRefused(_ line: String) {
        #expect(throws: ProgramFailure.self) { try ConfigFile(text: line, path: "config.toml") }
    }
}

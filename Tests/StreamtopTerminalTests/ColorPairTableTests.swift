import StreamtopView
import Testing

@testable import StreamtopTerminal

@Suite struct ColorPairTableTests {
    /// What curses was told: pair, foreground, background.
    private final class Definitions {
        var made: [[Int32]] = []
        var refuses = false
    }

    private func table(colors: Int32, limit: Int32 = 1_000, _ definitions: Definitions) -> ColorPairTable {
        ColorPairTable(colorCount: colors, pairLimit: limit) { number, foreground, background in
            definitions.made.append([number, foreground, background])
            return !definitions.refuses
        }
    }

    @Test func pairsAreDefinedOnceAndKept() {
        let definitions = Definitions()
        var table = table(colors: 256, definitions)
        let first = table.number(foreground: .indexed(200), background: .default)
        #expect(first == 1)
        #expect(table.number(foreground: .indexed(200), background: .default) == first)
        #expect(table.number(foreground: .default, background: .indexed(200)) == 2)
        #expect(definitions.made == [[1, 200, -1], [2, -1, 200]])
    }

    @Test func theTerminalsOwnColoursArePairZero() {
        let definitions = Definitions()
        var table = table(colors: 256, definitions)
        #expect(table.number(foreground: .default, background: .default) == 0)
        #expect(definitions.made.isEmpty)
    }

    @Test func brightColoursBecomePlainOnEight() {
        let definitions = Definitions()
        var table = table(colors: 8, definitions)
        _ = table.number(foreground: .indexed(12), background: .indexed(3))
        // Beyond the sixteen there is no plain one.
        _ = table.number(foreground: .indexed(100), background: .indexed(3))
        #expect(definitions.made == [[1, 4, 3], [2, -1, 3]])
    }

    @Test func directColoursGoWhereTheyCan() {
        let definitions = Definitions()
        var direct = table(colors: 0x100_0000, definitions)
        _ = direct.number(
            foreground: .rgb(red: 0x12, green: 0x34, blue: 0x56), background: .rgb(red: 0, green: 0, blue: 0))
        // 1 to 7 would be taken for the palette.
        _ = direct.number(foreground: .rgb(red: 0, green: 0, blue: 7), background: .rgb(red: 0, green: 0, blue: 8))
        #expect(definitions.made == [[1, 0x12_3456, 0], [2, 8, 8]])
        var palette = table(colors: 256, definitions)
        #expect(palette.number(foreground: .rgb(red: 1, green: 2, blue: 3), background: .default) == 0)
    }

    @Test func afterTheLastPairComeTheTerminalsOwnColours() {
        let definitions = Definitions()
        var table = table(colors: 256, limit: 3, definitions)
        #expect(table.number(foreground: .indexed(1), background: .default) == 1)
        #expect(table.number(foreground: .indexed(2), background: .default) == 2)
        #expect(table.number(foreground: .indexed(3), background: .default) == 0)
        #expect(table.number(foreground: .indexed(1), background: .default) == 1)
        #expect(definitions.made.count == 2)
    }

    @Test func refusedPairsAreNotAskedForAgain() {
        let definitions = Definitions()
        definitions.refuses = true
        var table = table(colors: 256, definitions)
        #expect(table.number(foreground: .indexed(1), background: .default) == 0)
        #expect(table.number(foreground: .indexed(1), background: .default) == 0)
        #expect(definitions.made.count == 1)
    }
}

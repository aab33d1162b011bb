import Testing

@testable import StreamtopView

@Suite struct StyleTableTests {
    @Test(arguments: ColorDepth.allCases)
    func choicesStandOutAtEveryDepth(depth: ColorDepth) {
        let table = BuiltinTheme.theme.styles(depth: depth)
        for role in StyleRole.allCases {
            for ground in [Ground.selection, .popupSelection, .cursor] where role != .tabActive {
                #expect(table.style(role, on: ground) != table.style(role, on: .screen), "\(role) \(ground) \(depth)")
            }
        }
    }

    @Test(arguments: ColorDepth.allCases)
    func severitiesDifferAtEveryDepth(depth: ColorDepth) {
        let table = BuiltinTheme.theme.styles(depth: depth)
        let styles = [StyleRole.fine, .watch, .act].map { table.style($0, on: .screen) }
        #expect(Set(styles).count == 3)
        let headlines = [StyleRole.headlineFine, .headlineWatch, .headlineAct].map { table.style($0, on: .screen) }
        #expect(Set(headlines).count == 3)
    }

    @Test func monoHasNoColour() {
        for style in BuiltinTheme.theme.styles(depth: .mono).distinctStyles {
            #expect(style.foreground == .default && style.background == .default)
        }
    }

    @Test(arguments: [ColorDepth.palette256, .palette16, .palette8])
    func palettesStayInRangeAndReadable(depth: ColorDepth) {
        for style in BuiltinTheme.theme.styles(depth: depth).distinctStyles {
            for color in [style.foreground, style.background] {
                guard case .indexed(let index) = color else { continue }
                #expect(depth == .palette256 || index < (depth == .palette8 ? 8 : 16))
            }
            #expect(style.foreground == .default || style.foreground != style.background)
        }
    }

    /// Whatever the terminal makes of its sixteen: no text is dark on dark, and the quiet roles do not vanish.
    @Test(arguments: [ColorDepth.palette16, .palette8])
    func nothingIsDarkOnDark(depth: ColorDepth) {
        let table = BuiltinTheme.theme.styles(depth: depth)
        for role in StyleRole.allCases {
            for ground in Ground.allCases {
                let style = table.style(role, on: ground)
                guard case .indexed(let front) = style.foreground, case .indexed(let back) = style.background else {
                    Issue.record("\(role) on \(ground) has no colours of its own")
                    continue
                }
                #expect(front % 8 != back % 8, "\(role) on \(ground)")
                #expect(back != 0 || ![0, 4, 8].contains(front), "\(role) on \(ground)")
            }
        }
        #expect(
            table.style(.tab, on: .screen) == Style(foreground: .indexed(7), background: .indexed(0), attributes: .dim))
    }

    static let nearest: [(RGB, UInt8)] = [
        (RGB(red: 255, green: 0, blue: 0), 196), (RGB(red: 0, green: 0, blue: 0), 16),
        (RGB(red: 255, green: 255, blue: 255), 231), (RGB(red: 95, green: 135, blue: 175), 67),
        (RGB(red: 8, green: 8, blue: 8), 232),
    ]

    @Test(arguments: nearest)
    func nearest256(color: RGB, index: UInt8) {
        #expect(XtermPalette.nearest256(color) == index)
    }

    @Test func fixedColoursMapToThemselves() {
        for index in UInt8(16)...255 {
            let value = XtermPalette.value(of: index)
            #expect(XtermPalette.value(of: XtermPalette.nearest256(value)) == value)
        }
    }

    @Test func namesOfRolesAndGroundsAreUnique() {
        #expect(Set(StyleRole.allCases.map(\.name)).count == StyleRole.allCases.count)
        #expect(Set(Ground.allCases.map(\.name)).count == Ground.allCases.count)
        for (index, role) in StyleRole.allCases.enumerated() { #expect(Int(role.rawValue) == index) }
    }
}

"""What receipts around the world are made of: shops, addresses, words, by country."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Country:
    """How receipts of a country are written.

    Attributes:
        names: Shops with a legal form or trade, as one text.
        brands: Trading names that may stand above a legal name.
        addresses: Parts in their order; a shop prints one or several on a line.
        between: Lines between name and address: registrations.
        after: Lines after the address: phones, tax numbers, titles.
        dates: As ``strftime`` writes them.
        date_labels: Before a date; empty for none.
        net, tax, total, rounding, rounded, cash, change, count: Labels.
        currency: Before or after amounts, or in a label.
        comma: Whether decimals follow a comma.
        summary: Lines of a tax table; ``{net}``, ``{tax}`` and ``{total}`` are filled in.
    """

    names: list[str]
    brands: list[str]
    addresses: list[list[str]]
    between: list[str]
    after: list[str]
    dates: list[str]
    date_labels: list[str]
    net: list[str]
    tax: list[str]
    total: list[str]
    rounding: list[str]
    rounded: list[str]
    cash: list[str]
    change: list[str]
    count: list[str]
    currency: list[str]
    summary: list[list[str]]
    comma: bool = True
    dayfirst: bool = True


COUNTRIES: dict[str, Country] = {
    "MY": Country(
        names=["KEDAI RUNCIT AMAN JAYA SDN BHD", "GOLDEN LOTUS FOOD COURT SDN. BHD.", "HOCK SENG MOTOR PARTS (M) SDN BHD",
               "RESTORAN SELERA KAMPUNG", "BINTANG MAJU BOOKSTORE S/B", "WAH LEE HARDWARE & PAINT TRADING",
               "TROPIKA SUPERSTORE (KAJANG) SDN BHD", "SYARIKAT JAYA BAKTI", "PERNIAGAAN ENG HUAT", "LIM & SONS CO. (M) BHD",
               "DELIMA BEAUTY CARE CENTRE", "SRI MURNI CURRY HOUSE", "ORCHID GIFTS & DECO ENTERPRISE", "KLINIK KELUARGA DR TAN",
               "FAMILY DENTAL SURGERY PLT"],
        brands=["AMAN MART", "Lotus Kitchen", "HSM", "MURNI"],
        addresses=[["NO. 12 & 14", "JALAN SS 2/24", "TAMAN BAHAGIA", "47300 PETALING JAYA", "SELANGOR"],
                   ["LOT 2.15", "LEVEL 2", "PLAZA MENTARI", "JALAN PJS 8/2", "46150 PETALING JAYA", "SELANGOR DARUL EHSAN"],
                   ["18-G", "JALAN RADIN BAGUS 3", "BANDAR BARU SRI PETALING", "57000 KUALA LUMPUR"],
                   ["G-23A, GROUND FLOOR", "MID POINT SHOPPING CENTRE", "JALAN PANDAN INDAH 1/25", "55100 KUALA LUMPUR", "MALAYSIA"],
                   ["NO 7A", "LORONG BAYU MUTIARA 2", "14000 BUKIT MERTAJAM", "PULAU PINANG"],
                   ["LOT PT 3311", "BATU 3 JALAN MERU", "MUKIM KAPAR", "41050 KLANG", "SELANGOR D.E."],
                   ["32", "PERSIARAN SULTAN IBRAHIM", "41300 KLANG"],
                   ["A-1-09", "BLOCK A", "PERDANA BUSINESS PARK", "OFF JALAN KUCHAI LAMA", "58200 K.L."],
                   ["NO.88, TINGKAT BAWAH", "JALAN DATO ONN", "80000 JOHOR BAHRU", "JOHOR"]],
        between=["(1023456-X)", "(CO. REG : 892345-T)", "Company No: 201901012345 (1321345-W)", "GST ID : 001122334455",
                 "(GST Reg No. 000987654321)", "REG NO: SA0123456-K", "ROC NO. 556677-V"],
        after=["TEL : 03-7877 1234", "Tel: 03-91234567  Fax: 03-91234568", "GST REG NO : 000456789012", "TEL 012-345 6789",
               "GST ID No: 001234567890", "H/P: 016-223 4455", "Email: info@kedai.com.my"],
        dates=["%d/%m/%Y", "%d-%m-%Y", "%d/%m/%y", "%d %b %Y", "%d-%b-%y", "%Y-%m-%d", "%d.%m.%Y", "%d/%m/%Y %I:%M:%S %p"],
        date_labels=["Date :", "DATE:", "Bill Date", "Date/Time", "", "Tarikh:", "Doc Date :", "Invoice Date:"],
        net=["SUB TOTAL", "Total Sales (Excluding GST)", "TOTAL EXCL. GST", "Sub-Total (RM)", "Taxable Amount"],
        tax=["GST 6%", "GST @ 6%", "Total GST", "ADD GST 6%", "GST Payable"],
        total=["TOTAL", "TOTAL SALES (INCLUSIVE OF GST)", "Total Incl. GST (RM)", "NET TOTAL", "GRAND TOTAL", "TOTAL RM",
               "Total Amount Payable", "AMOUNT DUE", "Total (RM) Incl GST:", "TOTAL INCL. GST@6%"],
        rounding=["Rounding Adj", "ROUNDING ADJUSTMENT", "Rounding", "Bill Rounding"],
        rounded=["ROUNDED TOTAL (RM)", "Total Rounded", "NET TOTAL", "TOTAL AFTER ROUNDING", "Total Payable"],
        cash=["CASH", "Cash Tendered", "TENDER", "PAID AMOUNT", "Amount Paid", "VISA CARD"],
        change=["CHANGE", "Change Due", "BALANCE", "Change (RM)"],
        count=["TOTAL QTY", "Total Item(s) :", "Item Count", "Total Quantity"],
        currency=["", "", "RM", "RM "],
        summary=[["GST SUMMARY       AMOUNT(RM)    TAX(RM)", "SR (@6%)          {net}         {tax}"],
                 ["GST Summary    Item     Amount (RM)     Tax (RM)", "SR @ 6%        3        {net}          {tax}",
                  "ZRL @ 0%       0        0.00            0.00", "Total                   {net}          {tax}"],
                 ["Tax Code   Rate   Net Amt    GST", "SR         6%     {net}      {tax}", "Total             {net}      {tax}"], []],
        comma=False,
    ),
    "SG": Country(
        names=["KOPI HOUSE PTE LTD", "Eastern Pearl Seafood Pte. Ltd.", "NOODLE CORNER", "Marina Optics (S) Pte Ltd"],
        brands=["KOPI & CO", "PEARL"],
        addresses=[["123 Orchard Road", "#02-15 Central Mall", "Singapore 238865"], ["Blk 45 Toa Payoh Lorong 5", "#01-22", "Singapore 310045"],
                   ["10 Jurong East Street 12", "S(609690)"]],
        between=["Co. Reg. No.: 201512345K", "GST Reg No : M2-1234567-8", "UEN 201512345K"],
        after=["Tel: 6234 5678", "GST Reg No: 20-1234567-H"],
        dates=["%d/%m/%Y", "%d %b %Y", "%d-%m-%y"], date_labels=["Date:", "", "DATE"],
        net=["SUBTOTAL", "Sub-total"], tax=["GST 7%", "7% GST"], total=["TOTAL", "GRAND TOTAL", "Total Due", "TOTAL SGD"],
        rounding=["Rounding"], rounded=["NET TOTAL"], cash=["CASH", "NETS", "VISA"], change=["CHANGE"], count=["Items:"],
        currency=["", "$", "S$"], summary=[[]], comma=False,
    ),
    "UK": Country(
        names=["The Corner Bakery Ltd", "THE ROSE & CROWN", "Harper's Coffee House", "GREENFIELDS STORES LIMITED", "Bright & Sons Ironmongers"],
        brands=["CORNER BAKERY", "greenfields"],
        addresses=[["14 High Street", "Oxford", "OX1 4AB"], ["221 Baker Street", "Marylebone", "London NW1 6XE"],
                   ["Unit 5, Riverside Retail Park", "Castle Road", "York YO1 9TT", "United Kingdom"], ["The Old Mill", "3 Mill Lane", "Bakewell", "Derbyshire", "DE45 1DF"]],
        between=["VAT No: GB 123 4567 89", "Company Reg. 01234567"],
        after=["Tel: 01865 123456", "VAT Reg No. 123 4567 89", "www.cornerbakery.co.uk"],
        dates=["%d/%m/%Y", "%d/%m/%y", "%d %b %Y", "%d %B %Y", "%d-%m-%Y"], date_labels=["Date:", "", "DATE"],
        net=["SUBTOTAL", "Sub Total"], tax=["VAT @ 20%", "VAT 20.00%", "Incl. VAT"], total=["TOTAL", "BALANCE DUE", "Total to pay", "TOTAL GBP"],
        rounding=["Rounding"], rounded=["TOTAL"], cash=["CASH", "VISA DEBIT", "Card"], change=["CHANGE", "Change due"], count=["ITEMS", "Items sold"],
        currency=["£", ""], summary=[["VAT Rate    Net      VAT     Gross", "A 20%       {net}    {tax}    {total}"], []], comma=False,
    ),
    "US": Country(
        names=["Joe's Pizza & Grill", "SUNRISE MARKET INC", "BLUE RIVER BREWING CO.", "Main Street Hardware LLC", "Tony's Auto Repair"],
        brands=["SUNRISE", "BLUE RIVER"],
        addresses=[["1203 Main Street", "Springfield, IL 62704"], ["455 N Michigan Ave", "Suite 300", "Chicago, IL 60611"],
                   ["8800 Sunset Blvd.", "Los Angeles CA 90069-1234"], ["77 Massachusetts Avenue", "Cambridge, MA 02139", "USA"], ["P.O. Box 442", "Austin, TX 78701"]],
        between=["Store #1234", "EIN 12-3456789"],
        after=["(555) 123-4567", "Tel: 312-555-0199", "Server: Maria   Table 12", "ST# 1234 OP# 00012 TE# 07"],
        dates=["%m/%d/%Y", "%m/%d/%y", "%b %d, %Y", "%B %d, %Y", "%m-%d-%Y"], date_labels=["Date:", "", "DATE"],
        net=["SUBTOTAL", "Subtotal", "Sub Total"], tax=["TAX 8.25%", "Sales Tax", "TAX 1"], total=["TOTAL", "Total Due", "Amount Due", "GRAND TOTAL"],
        rounding=["Rounding"], rounded=["TOTAL"], cash=["CASH", "VISA TEND", "Cash Tendered", "DEBIT TEND"], change=["CHANGE DUE", "CHANGE"], count=["# ITEMS SOLD", "Item Count"],
        currency=["$", ""], summary=[[]], comma=False, dayfirst=False,
    ),
    "DE": Country(
        names=["Bäckerei Huber GmbH", "Getränkemarkt Nord OHG", "Café am Dom", "Gasthaus zum Löwen", "Elektro Braun GmbH & Co. KG", "Apotheke am Markt"],
        brands=["HUBER", "NORD"],
        addresses=[["Hauptstraße 12", "80331 München"], ["Am Markt 3", "50667 Köln"], ["Lindenallee 45a", "D-20095 Hamburg"], ["Goethestr. 7", "60313 Frankfurt am Main", "Deutschland"]],
        between=["Inh. Karl Huber", "Steuernr. 143/234/56789"],
        after=["Tel. 089/123456", "USt-IdNr. DE136695976", "Es bediente Sie: Frau Meier"],
        dates=["%d.%m.%Y", "%d.%m.%y"], date_labels=["Datum:", "", "Datum"],
        net=["Zwischensumme", "Netto"], tax=["MwSt 19%", "enth. MwSt. 19%"], total=["SUMME", "Summe EUR", "Gesamtbetrag", "ZU ZAHLEN", "Total EUR", "Endbetrag"],
        rounding=["Rundung"], rounded=["ZU ZAHLEN"], cash=["BAR", "Gegeben", "EC-Karte", "Gegeben BAR"], change=["Rückgeld", "ZURÜCK"], count=["Anzahl Artikel", "Posten:"],
        currency=["", "€", "EUR "], summary=[["MwSt    Netto    MwSt    Brutto", "A 19%    {net}    {tax}    {total}"], []],
    ),
    "FR": Country(
        names=["Boulangerie Martin SARL", "LE PETIT BISTROT", "Librairie du Centre SAS", "Pharmacie de la Gare", "GARAGE DUPONT"],
        brands=["CHEZ MARTIN", "LE CENTRE"],
        addresses=[["12 rue de la République", "69002 Lyon"], ["4, avenue Victor Hugo", "75016 PARIS", "France"], ["Centre Commercial Beaulieu", "Bd. Général de Gaulle", "44200 Nantes"]],
        between=["SIRET 123 456 789 00012", "RCS Lyon B 123 456 789"],
        after=["Tél : 04 78 12 34 56", "TVA FR12345678901", "Merci de votre visite"],
        dates=["%d/%m/%Y", "%d/%m/%y", "%d-%m-%Y"], date_labels=["Date :", "", "Le"],
        net=["Total HT", "Sous-total"], tax=["TVA 20%", "Dont TVA"], total=["TOTAL TTC", "TOTAL", "Net à payer", "A PAYER", "Montant dû"],
        rounding=["Arrondi"], rounded=["Net à payer"], cash=["ESPECES", "CB", "Carte bancaire"], change=["RENDU", "Rendu monnaie"], count=["Nb articles", "Nombre d'articles"],
        currency=["", "€", "EUR "], summary=[["Taux    HT    TVA    TTC", "20%    {net}    {tax}    {total}"], []],
    ),
    "ES": Country(
        names=["Panadería López S.L.", "BAR EL RINCÓN", "SUPERMERCADOS DEL SUR S.A.", "Farmacia Plaza Mayor"],
        brands=["EL RINCÓN", "SUPERSUR"],
        addresses=[["Calle Mayor 15", "28013 Madrid"], ["Avda. de la Constitución, 8", "41001 Sevilla", "España"], ["C/ Balmes 22, bajos", "08007 Barcelona"]],
        between=["CIF: B12345674", "NIF B12345674"], after=["Tel. 912 345 678", "CIF B-12345674", "Le atendió: Ana"],
        dates=["%d/%m/%Y", "%d/%m/%y", "%d-%m-%Y"], date_labels=["Fecha:", "", "FECHA"],
        net=["Base imponible", "SUBTOTAL"], tax=["IVA 10%", "Cuota IVA"], total=["TOTAL", "TOTAL A PAGAR", "Importe total", "TOTAL (Impuestos incl.)", "TOTAL COMPRA"],
        rounding=["Redondeo"], rounded=["TOTAL A PAGAR"], cash=["EFECTIVO", "TARJETA", "Entregado"], change=["CAMBIO", "Devolución"], count=["Núm. artículos", "Total artículos"],
        currency=["", "€"], summary=[["IVA    Base    Cuota    Total", "10%    {net}    {tax}    {total}"], []],
    ),
    "IT": Country(
        names=["Panificio Rossi S.r.l.", "TRATTORIA DA MARIO", "Farmacia San Marco", "Supermercati Azzurri S.p.A."],
        brands=["DA MARIO", "AZZURRI"],
        addresses=[["Via Roma 10", "20121 Milano (MI)"], ["Piazza Garibaldi, 3", "50123 Firenze", "Italia"], ["Corso Vittorio Emanuele II 45", "10128 Torino TO"]],
        between=["P.IVA 01234567890", "Partita IVA 01234567890"], after=["Tel. 02 1234567", "P. IVA 01234567890", "DOCUMENTO COMMERCIALE"],
        dates=["%d/%m/%Y", "%d-%m-%Y", "%d/%m/%y"], date_labels=["Data:", "", "DATA"],
        net=["Imponibile", "SUBTOTALE"], tax=["di cui IVA", "IVA 22%"], total=["TOTALE", "TOTALE COMPLESSIVO", "TOTALE EURO", "Importo totale"],
        rounding=["Arrotondamento"], rounded=["TOTALE DA PAGARE"], cash=["CONTANTE", "Pagamento contante", "Importo pagato"], change=["RESTO"], count=["N. articoli", "Pezzi"],
        currency=["", "€"], summary=[[]],
    ),
    "NL": Country(
        names=["Bakkerij de Vries B.V.", "EETCAFE DE HOEK", "Bloemenhuis Tulp", "Fietsenwinkel Jansen"],
        brands=["DE VRIES", "TULP"],
        addresses=[["Kerkstraat 12", "1017 GP Amsterdam"], ["Stationsplein 4-6", "3511 CE Utrecht"], ["Nieuweweg 101", "9711 TC Groningen", "Nederland"]],
        between=["KvK 12345678", "BTW NL123456782B01"], after=["Tel: 020-1234567", "BTW nr: NL123456782B01", "U bent geholpen door: Piet"],
        dates=["%d-%m-%Y", "%d-%m-%y", "%d/%m/%Y"], date_labels=["Datum:", "", "Datum"],
        net=["Subtotaal", "Totaal excl. BTW"], tax=["BTW 21%", "BTW hoog 21%"], total=["TOTAAL", "Totaal te betalen", "Te betalen", "Totaal incl. BTW", "Totaal EUR"],
        rounding=["Afronding"], rounded=["Te betalen"], cash=["CONTANT", "PIN", "Pinbetaling"], change=["WISSELGELD", "Retour"], count=["Aantal artikelen"],
        currency=["", "€ ", "€"], summary=[["BTW    Over    Bedrag", "21%    {net}    {tax}"], []],
    ),
    "PT": Country(
        names=["Padaria Silva Lda", "RESTAURANTE O FAROL", "Farmácia Central", "Hipermercados Lusos, S.A."],
        brands=["O FAROL", "LUSOS"],
        addresses=[["Rua Augusta 120", "1100-053 Lisboa"], ["Av. da Liberdade, 45", "4000-322 Porto", "Portugal"]],
        between=["NIF: 501234560", "Contribuinte nº 501234560"], after=["Tel: 213 456 789", "NIF 501234560"],
        dates=["%d/%m/%Y", "%d-%m-%Y", "%Y-%m-%d"], date_labels=["Data:", "", "Data de emissão:"],
        net=["Subtotal", "Total sem IVA"], tax=["IVA 23%", "Total IVA"], total=["TOTAL", "TOTAL A PAGAR", "Valor total", "Total EUR"],
        rounding=["Arredondamento"], rounded=["TOTAL A PAGAR"], cash=["NUMERÁRIO", "Multibanco", "Entregue"], change=["TROCO"], count=["Nº de artigos"],
        currency=["", "€"], summary=[["Taxa    Base    IVA    Total", "23%    {net}    {tax}    {total}"], []],
    ),
    "PL": Country(
        names=["Piekarnia Nowak Sp. z o.o.", "RESTAURACJA POD LWEM", "Apteka Zdrowie"], brands=["NOWAK"],
        addresses=[["ul. Marszałkowska 10", "00-590 Warszawa"], ["ul. Długa 5/2", "31-147 Kraków"]],
        between=["NIP 5260001246"], after=["NIP: 526-000-12-46", "tel. 22 123 45 67"],
        dates=["%Y-%m-%d", "%d-%m-%Y", "%d.%m.%Y"], date_labels=["Data:", ""],
        net=["Sprzedaż netto", "Suma netto"], tax=["PTU A 23%", "Kwota VAT"], total=["SUMA PLN", "SUMA", "Do zapłaty", "RAZEM"],
        rounding=["Zaokrąglenie"], rounded=["Do zapłaty"], cash=["GOTÓWKA", "KARTA"], change=["RESZTA"], count=["Ilość pozycji"],
        currency=["", "PLN "], summary=[[]],
    ),
    "SE": Country(
        names=["Lunds Konditori AB", "RESTAURANG HAVET", "Järnhandel Svensson AB"], brands=["HAVET"],
        addresses=[["Storgatan 12", "222 22 Lund"], ["Kungsgatan 5", "111 43 Stockholm", "Sverige"]],
        between=["Org.nr 556677-8899"], after=["Tel 046-12 34 56", "Org nr: 556677-8899"],
        dates=["%Y-%m-%d", "%d/%m/%Y"], date_labels=["Datum:", "", "Datum"],
        net=["Netto", "Delsumma"], tax=["Moms 25%", "Varav moms"], total=["TOTALT", "Att betala", "Summa", "Total SEK", "TOTAL"],
        rounding=["Öresavrundning", "Avrundning"], rounded=["Att betala"], cash=["Kontant", "Kort", "Kontokort"], change=["Tillbaka", "Växel"], count=["Antal varor"],
        currency=["", "SEK "], summary=[["Moms%    Moms    Netto    Brutto", "25%    {tax}    {net}    {total}"], []],
    ),
    "AU": Country(
        names=["Bondi Surf Shop Pty Ltd", "THE DAILY GRIND CAFE", "Outback Supplies Pty. Ltd."], brands=["BONDI SURF"],
        addresses=[["45 Campbell Parade", "Bondi Beach NSW 2026"], ["Shop 12, Southgate Centre", "3 Southgate Avenue", "Southbank VIC 3006", "Australia"]],
        between=["ABN 51 824 753 556"], after=["Ph: (02) 9123 4567", "ABN: 51 824 753 556"],
        dates=["%d/%m/%Y", "%d/%m/%y", "%d %b %Y"], date_labels=["Date:", ""],
        net=["Subtotal", "Total ex GST"], tax=["GST", "Includes GST of", "GST Incl"], total=["TOTAL", "Total inc GST", "Amount Due", "TOTAL AUD"],
        rounding=["Rounding"], rounded=["TOTAL"], cash=["Cash", "EFTPOS"], change=["Change"], count=["Items"],
        currency=["$", ""], summary=[[]], comma=False,
    ),
    "IN": Country(
        names=["Sharma Sweets Pvt. Ltd.", "HOTEL ANNAPOORNA", "Krishna Medical Stores", "Patel Traders"], brands=["SHARMA'S"],
        addresses=[["No. 24, MG Road", "Ashok Nagar", "Bengaluru - 560001", "Karnataka"], ["Shop 3, Laxmi Plaza", "FC Road", "Shivajinagar", "Pune 411005"]],
        between=["GSTIN: 29ABCDE1234F1Z5", "FSSAI No 11223344556677"], after=["Ph: 080-22334455", "GSTIN : 27ABCDE1234F1Z3", "Mob: 98765 43210"],
        dates=["%d/%m/%Y", "%d-%m-%Y", "%d-%b-%Y", "%d/%m/%y"], date_labels=["Date:", "Dt:", "Bill Date:"],
        net=["Sub Total", "Taxable Value"], tax=["CGST 2.5%", "GST 5%"], total=["Total", "Grand Total", "Net Amount", "Bill Amount", "Net Payable"],
        rounding=["Round Off", "R/Off"], rounded=["Grand Total", "Net Payable"], cash=["Cash", "UPI", "Amount Received"], change=["Change", "Balance"], count=["Total Qty", "No. of Items"],
        currency=["", "Rs. ", "₹"], summary=[[]], comma=False,
    ),
}  # fmt: skip

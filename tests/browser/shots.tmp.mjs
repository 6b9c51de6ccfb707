import { chromium } from "playwright-core"; import { readFileSync, writeFileSync } from "node:fs";
const which=process.argv.slice(2);
const A="http://localhost:3901", B="http://localhost:3902"; const N=(i)=>`30100000000000${1000+i}`;
const S={home:[A+"/"],trovata:[A+"/ricerca/esito?r=x",0],list:[A+"/pratiche"],storico:[A+"/pratiche/storico"],paga:[A+`/paga/${N(2)}`],paga5:[A+`/paga/${N(1)},${N(2)},${N(5)}`],checkout:[B+`/paga/${N(1)}`],incorso:[A+`/paga/${N(3)}`],pratica:[A+`/pratiche/${N(3)}`],ricevuta:[A+`/pratiche/${N(11)}/ricevuta`],ok:[A+"/paga/ok/esito"],pending:[A+"/paga/pending/esito"],failed:[A+"/paga/failed/esito"],cancelled:[B+"/paga/cancelled/esito?come=annullato"],expired:[B+"/paga/expired/esito"],other:[A+"/paga/other/esito"],tosap:[A+"/spontaneo/14.TOSAP%20TEMPORANEA"],uscita:[A+"/uscita"],profilo:[A+"/profilo"],reg:[A+"/registrazione"],listen:[A+"/en/pratiche"],homeen:[A+"/en/"]};
const b=await chromium.launch({executablePath:"/usr/bin/chromium",args:["--headless","--no-sandbox","--disable-gpu","--lang=it"]});
for(const k of which.length?which:Object.keys(S)){
  const [url,logged=1]=S[k]; const imgs=[]; const problems=[];
  for(const [w,big] of [[320,0],[360,0],[768,0],[1280,0],[1280,1]]){
    const c=await b.newContext({locale:"it-IT",timezoneId:"Europe/Rome",viewport:{width:w,height:w<500?640:800}});
    if(logged) await c.addCookies([{name:"accesso",value:"1",url:new URL(url).origin}]);
    const p=await c.newPage(); p.on("console",m=>{if(["error","warning"].includes(m.type()))problems.push(`${w} ${m.text()}`)}); p.on("pageerror",e=>problems.push(`${w} ${e}`));
    await p.goto(url); await p.waitForLoadState("networkidle"); await p.waitForTimeout(400);
    if(big){ await p.evaluate(()=>{const s=new CSSStyleSheet();s.replaceSync(":root{font-size:200% !important}");document.adoptedStyleSheets=[s];}); await p.setViewportSize({width:1270,height:800}); await p.setViewportSize({width:1280,height:800}); await p.waitForTimeout(200);}
    const o=await p.evaluate(()=>document.documentElement.scrollWidth-document.documentElement.clientWidth); if(o>0) problems.push(`${w}${big?" big":""} overflows ${o}`);
    const buf=await p.screenshot({fullPage:true}); imgs.push([w,buf.toString("base64")]); await c.close();
  }
  const p=await b.newPage({viewport:{width:2000,height:1000}});
  await p.setContent(`<body style="margin:0;display:flex;gap:12px;align-items:flex-start;background:#888">`+imgs.map(([w,d])=>`<img style="width:${w>1000?w*0.45:w*0.7}px" src="data:image/png;base64,${d}">`).join("")+`</body>`);
  await p.waitForTimeout(200); await p.screenshot({path:`/tmp/shots/${k}.png`,fullPage:true}); await p.close(); console.log(k,problems.slice(0,5).join(" | "));
}
await b.close();
